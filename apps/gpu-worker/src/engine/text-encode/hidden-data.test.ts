import { deflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import type { DecodedPicture } from './decode-picture.ts'
import { findHiddenData } from './hidden-data.ts'

/** The first numbers of A1111's generator, as its own test lists them. */
const SCRAMBLE = [253, 242, 127, 44, 157, 27, 239, 133, 38, 79, 167, 4, 177, 95, 130, 79, 78, 14, 52, 215]

/** A picture of one row that carries up to 18 bytes: blocks of six pixels around two black columns and a grey one. */
function hide(bytes: Uint8Array): DecodedPicture {
  const block = (shift: number) =>
    Array.from({ length: 18 }, (_, i) => ((((bytes[i] ?? 0) >> shift) & 15) ^ (SCRAMBLE[i]! & 15)) | 0x50)
  const data = [...block(0), 0, 0, 0, 99, 99, 99, 0, 0, 0, ...block(4)]
  return { width: data.length / 3, height: 1, data: Uint8Array.from(data) }
}

describe('findHiddenData', () => {
  it('joins the low bits of the left block and those of the right', () => {
    expect(findHiddenData(hide(deflateSync('hidden')), 'a.png')?.toString()).toBe('hidden')
  })

  it('finds nothing without black columns', () => {
    const data = new Uint8Array(3 * 8 * 8).fill(77)
    expect(findHiddenData({ width: 8, height: 8, data }, 'a.png')).toBeUndefined()
  })

  it.each([
    ['bytes that are no deflated data', hide(Uint8Array.from([1, 2, 3]))],
    ['nothing but black', { width: 4, height: 4, data: new Uint8Array(48) }],
  ])('refuses %s', (_, picture) => {
    expect(() => findHiddenData(picture, 'a.png')).toThrow(CheckpointError)
  })
})
