import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Client } from '../api/client.ts'
import { createPictureStore } from './pictures.ts'

describe('the pictures of jobs', () => {
  let asked: string[]
  let released: string[]
  let isGone: boolean
  const client = {
    getBlob: async (path: string) => {
      asked.push(path)
      return isGone ? undefined : new Blob([path])
    },
    getJson: async (path: string) => {
      asked.push(path)
      if (isGone) throw new Error('away')
      return { images: [{ index: 0 }] }
    },
  } as unknown as Client
  beforeEach(() => {
    ;[asked, released, isGone] = [[], [], false]
    let made = 0
    vi.spyOn(URL, 'createObjectURL').mockImplementation(() => `blob:${(made += 1)}`)
    vi.spyOn(URL, 'revokeObjectURL').mockImplementation((address) => void released.push(address))
  })
  afterEach(() => vi.restoreAllMocks())

  it('are fetched once for each size', async () => {
    const store = createPictureStore(client)
    const addresses = await Promise.all([
      ...[store.address('a', 0, 256), store.address('a', 0, 256)],
      ...[store.address('a', 0), store.address('a', 1, 256)],
    ])
    expect(addresses).toEqual(['blob:1', 'blob:1', 'blob:2', 'blob:3'])
    expect(asked).toEqual([
      'atelier/v1/jobs/a/images/0?size=256',
      'atelier/v1/jobs/a/images/0',
      'atelier/v1/jobs/a/images/1?size=256',
    ])
  })

  it('are asked for again when they were not there', async () => {
    const store = createPictureStore(client)
    isGone = true
    await expect(store.address('a', 0)).rejects.toThrow('the picture is not there')
    await expect(store.describe('a')).rejects.toThrow('away')
    isGone = false
    expect(await store.address('a', 0)).toBe('blob:1')
    expect(await store.describe('a')).toEqual([{ index: 0 }])
  })

  it('let go of those that were looked at longest ago', async () => {
    const store = createPictureStore(client)
    await store.address('kept', 0)
    for (let index = 0; index < 399; index += 1) await store.address('others', index)
    await store.address('kept', 0)
    await store.address('one more', 0)
    await vi.waitFor(() => expect(released).toEqual(['blob:2']))
    const before = asked.length
    await store.address('kept', 0)
    expect(asked.length, 'looked at again, it stays').toBe(before)
    await store.address('others', 0)
    expect(asked.length, 'what was let go is fetched again').toBe(before + 1)
  })

  it('are described once', async () => {
    const store = createPictureStore(client)
    await Promise.all([store.describe('a'), store.describe('a'), store.describe('b')])
    expect(asked).toEqual(['atelier/v1/jobs/a/images', 'atelier/v1/jobs/b/images'])
  })
})
