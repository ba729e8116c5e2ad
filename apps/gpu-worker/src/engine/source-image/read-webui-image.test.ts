import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { readMask } from '../inpaint/read-mask.ts'
import { readCases } from '../test-kit.ts'
import { flattenImage } from './read-image.ts'
import { readWebuiImage } from './read-webui-image.ts'

interface PictureRow {
  readonly kind: string
  /** The file, and what is read: raw bytes, all as base64. */
  readonly file: string
  readonly size: readonly [number, number]
  /** Red, green and blue over white. */
  readonly colours: string
  /** The picture taken for a mask. */
  readonly mask: string
}

// Recorded from A1111 1.10.1: images.read, flatten and create_binary_mask, with Pillow 9.5.
const rows = readCases<PictureRow>(new URL('__fixtures__/webui-pictures.jsonl', import.meta.url))
/** What decoders of JPEG differ by. */
const JPEG_TOLERANCE = 3

function farthest(got: Uint8Array, wanted: string): number {
  const bytes = Buffer.from(wanted, 'base64')
  expect(got.length).toBe(bytes.length)
  return got.reduce((worst, value, i) => Math.max(worst, Math.abs(value - bytes[i]!)), 0)
}

describe('readWebuiImage', () => {
  it.each(rows)('reads a file of $kind as the original does', async ({ kind, file, ...row }) => {
    const picture = await readWebuiImage(Buffer.from(file, 'base64'))
    expect([picture.width, picture.height]).toEqual(row.size)
    const tolerance = kind === 'CMYK' ? JPEG_TOLERANCE : 1
    expect(farthest(flattenImage(picture, '#ffffff').data, row.colours)).toBeLessThanOrEqual(tolerance)
    expect(farthest(readMask(picture, true).data, row.mask)).toBeLessThanOrEqual(tolerance)
  })

  it('takes the numbers as they stand, whatever colour profile is with them', async () => {
    const plain = sharp({ create: { width: 2, height: 2, channels: 3, background: '#c86432' } })
    const bytes = await plain.withIccProfile('p3').png().toBuffer()
    const stored = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer()
    const picture = await readWebuiImage(bytes)
    expect([...picture.data.subarray(0, 3)]).toEqual([...stored.subarray(0, 3)])
    const converted = await sharp(bytes).toColourspace('srgb').raw().toBuffer()
    expect([...picture.data.subarray(0, 3)]).not.toEqual([...converted.subarray(0, 3)])
  })

  it('fails as the original does for a file that breaks off', async () => {
    const bytes = Buffer.from(rows[0]!.file, 'base64')
    await expect(readWebuiImage(bytes.subarray(0, -30))).rejects.toMatchObject({ exceptionType: 'OSError' })
  })
})
