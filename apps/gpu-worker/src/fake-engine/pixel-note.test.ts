import sharp from 'sharp'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pixels } from '../engine/image/pixels.ts'
import { readPixelNote, writePixelNote } from './pixel-note.ts'

const grey = (width: number, height: number, channels: 3 | 4 = 3): Pixels => ({
  width,
  height,
  channels,
  data: new Uint8Array(width * height * channels).fill(128),
})

describe('a note in pixels', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
        fc.constantFrom<3 | 4>(3, 4),
        (text, channels) => {
          expect(readPixelNote(writePixelNote(grey(16, 16, channels), text))).toBe(text)
        },
      ),
    )
  })

  it('survives a PNG file', async () => {
    const pixels = writePixelNote(grey(64, 64), 'task(abc)')
    const png = await sharp(pixels.data, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toBuffer()
    const data = new Uint8Array(await sharp(png).removeAlpha().raw().toBuffer())
    expect(readPixelNote({ ...pixels, data })).toBe('task(abc)')
  })

  it('leaves the picture it was given and its transparency alone', () => {
    const before = grey(8, 8, 4)
    const after = writePixelNote(before, 'x')
    expect(before.data.every((sample) => sample === 128)).toBe(true)
    expect(after.data.filter((_, index) => index % 4 === 3).every((sample) => sample === 128)).toBe(true)
  })

  it('is refused by a picture that is too small, which says so', () => {
    expect(() => writePixelNote(grey(2, 2), 'a long text that does not fit')).toThrow('2x2')
  })

  it('is not found in an ordinary picture', () => {
    expect(readPixelNote({ ...grey(4, 4), data: new Uint8Array(48) })).toBeUndefined()
    expect(readPixelNote({ ...grey(4, 4), data: new Uint8Array(48).fill(255) })).toBeUndefined()
  })
})
