import { describe, expect, it } from 'vitest'
import { findShortage, toStoreUse } from './store-use.ts'

const MB = 1024 ** 2

describe('findShortage', () => {
  it('finds nothing while every place is less than nine tenths full', () => {
    expect(findShortage([])).toBeUndefined()
    expect(findShortage([toStoreUse('pictures', 89 * MB, 100 * MB)])).toBeUndefined()
  })

  it('names the first full place, what it holds and its limit', () => {
    const uses = [toStoreUse('records', 0, MB), toStoreUse('pictures', 2.7 * 1024 * MB, 3 * 1024 * MB)]
    expect(findShortage(uses)).toBe('there is no room for more jobs: pictures holds 2.7 GB of 3.0 GB')
    expect(findShortage([toStoreUse('pictures', 90 * MB, 100 * MB)])).toBe(
      'there is no room for more jobs: pictures holds 90.0 MB of 100.0 MB',
    )
  })

  it('takes a place at its own mark, where it has one', () => {
    const disk = { name: 'the disk', usedBytes: 95, limitBytes: 100, fullAtBytes: 99 }
    expect(findShortage([disk])).toBeUndefined()
    expect(findShortage([{ ...disk, usedBytes: 99 }])).toContain('the disk')
  })
})
