import { describe, expect, it } from 'vitest'
import type { Pixels } from '../image/pixels.ts'
import { openFixture, readCases } from '../test-kit.ts'
import { enlargePicture } from './enlarge-picture.ts'

// Upscaled pictures: A1111 v1.10.1 (fixtures/webui-wire/images).
const FOLDER = new URL('../inpaint/__fixtures__/', import.meta.url)
const tensors = openFixture(new URL('images.safetensors', FOLDER))

interface Case {
  readonly id: string
  readonly fn: string
  readonly args: { readonly name: string; readonly scale: number }
  readonly in: { readonly image: string }
  readonly out: { readonly image: string }
}
const cases = readCases<Case>(new URL('images.jsonl', FOLDER)).filter(({ fn }) => fn === 'upscaler.upscale')

function pixels(name: string): Pixels {
  const { shape, data } = tensors.tensor(name)
  const [height, width, channels] = shape as [number, number, 3 | 4]
  return { width, height, channels, data: Uint8Array.from(data) }
}

const byFactor = (factor: number) => ({ factor, width: 0, height: 0, crop: false, secondShare: 0 })
const [lanczos, nearest] = [{ kind: 'lanczos' } as const, { kind: 'nearest' } as const]
const grey = (width: number, height: number, value: number): Pixels => ({
  ...{ width, height, channels: 3 },
  data: new Uint8Array(width * height * 3).fill(value),
})

describe('an enlarged picture', () => {
  it.each(cases)('$id is A1111 $args.name x $args.scale', async ({ args, ...row }) => {
    const upscaler = args.name === 'Nearest' ? nearest : lanczos
    const enlarged = await enlargePicture(pixels(row.in.image), [upscaler], byFactor(args.scale))
    expect(enlarged).toEqual(pixels(row.out.image))
  })

  it('stays as it is without an upscaler', async () => {
    const picture = grey(5, 3, 9)
    expect(await enlargePicture(picture, [], byFactor(4))).toBe(picture)
  })

  // Pillow copies a picture that has the size already, colours under a low alpha too.
  it('keeps its colours where its size stays', async () => {
    const picture = { width: 8, height: 8, channels: 4, data: new Uint8Array(256).fill(77) } as const
    expect(await enlargePicture(picture, [lanczos], byFactor(1))).toEqual(picture)
  })

  it('cannot have sides of nothing', async () => {
    await expect(enlargePicture(grey(60, 4, 9), [lanczos], byFactor(2))).resolves.toBeDefined()
    await expect(enlargePicture(grey(60, 3, 9), [lanczos], byFactor(1.5))).rejects.toMatchObject({
      ...{ exceptionType: 'ValueError', message: 'height and width must be > 0' },
    })
  })

  it('covers a size and is cut to it', async () => {
    const size = { ...byFactor(1), width: 50, height: 30 }
    const whole = await enlargePicture(grey(16, 16, 9), [nearest], size)
    expect(whole).toMatchObject({ width: 48, height: 48 })
    const cut = await enlargePicture(grey(16, 16, 9), [nearest], { ...size, crop: true })
    expect(cut).toMatchObject({ width: 50, height: 30, channels: 3 })
    // A factor of 50/16 gives whole multiples of 8: a black edge of a pixel is left at each side.
    expect([cut.data[0], cut.data[3], cut.data[49 * 3]]).toEqual([0, 9, 0])
  })

  it('is blended with what a second upscaler makes', async () => {
    const picture = { ...grey(8, 8, 0), data: Uint8Array.from({ length: 192 }, (_, i) => (i % 7) * 30) }
    const [first, second] = [
      await enlargePicture(picture, [lanczos], byFactor(2)),
      await enlargePicture(picture, [nearest], byFactor(2)),
    ]
    const blended = await enlargePicture(picture, [lanczos, nearest], { ...byFactor(2), secondShare: 0.25 })
    const expected = first.data.map((value, i) => Math.trunc(value + 0.25 * (second.data[i]! - value)))
    expect(blended.data).toEqual(expected)
  })

  it('keeps its alpha under a filter', async () => {
    const picture: Pixels = { width: 8, height: 8, channels: 4, data: new Uint8Array(256).fill(128) }
    const enlarged = await enlargePicture(picture, [lanczos], byFactor(2))
    expect(enlarged).toMatchObject({ width: 16, height: 16, channels: 4 })
    // Colours are multiplied by alpha and divided again, in whole numbers.
    expect(new Set(enlarged.data)).toEqual(new Set([127, 128]))
  })
})
