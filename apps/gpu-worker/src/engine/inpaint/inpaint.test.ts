import { describe, expect, it } from 'vitest'
import { InpaintMask, ResizeMode, type MaskedContent } from '@atelier/proto'
import type { Pixels } from '../image/pixels.ts'
import { fitImage, fitImageWith } from '../source-image/fit-image.ts'
import { flattenImage } from '../source-image/read-image.ts'
import { openFixture, readCases } from '../test-kit.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { upscaleImage } from '../upscale/upscale-image.ts'
import { applyOverlay } from './apply-overlay.ts'
import { correctColours } from './colour-correction.ts'
import { expandBox, findMaskedBox } from './crop-region.ts'
import { fillMasked } from './fill-masked.ts'
import { toColours, type Grey } from './grey.ts'
import { toLab } from './lab.ts'
import { toLatentMask } from './latent-mask.ts'
import { prepareMask } from './prepare-mask.ts'
import { preparePicture } from './prepare-picture.ts'
import { readMask } from './read-mask.ts'

// Reference: A1111 v1.10.1's own functions over Pillow 9.5 and OpenCV 4.11 (fixtures/webui-wire/images).
const FOLDER = new URL('__fixtures__/', import.meta.url)
const tensors = openFixture(new URL('images.safetensors', FOLDER))
const cases = readCases<Case>(new URL('images.jsonl', FOLDER))

interface Case {
  readonly id: string
  readonly fn: string
  readonly args: Record<string, unknown>
  readonly in: Record<string, string>
  readonly out: Record<string, unknown>
}

const MODES = [
  ResizeMode.RESIZE_MODE_STRETCH,
  ResizeMode.RESIZE_MODE_CROP,
  ResizeMode.RESIZE_MODE_FILL,
] as const
const of = (fn: string) => cases.filter((row) => row.fn === fn)

function pixels(name: string): Pixels {
  const tensor = tensors.tensor(name)
  if (tensor.shape.length === 2) return toColours(grey(name))
  const [height, width, channels] = tensor.shape as [number, number, 3 | 4]
  return { width, height, channels, data: Uint8Array.from(tensor.data) }
}

function grey(name: string): Grey {
  const { shape, data } = tensors.tensor(name)
  const [height, width] = shape as [number, number]
  return { width, height, data: Uint8Array.from(data) }
}

/** Largest difference of two lists of numbers; infinite where their lengths differ. */
function differ(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity
  let largest = 0
  for (let i = 0; i < a.length; i += 1) largest = Math.max(largest, Math.abs(a[i]! - b[i]!))
  return largest
}

const number = (value: unknown): number => Number(value ?? 0)

describe('the size of a source', () => {
  it.each(of('resize_image'))('$id is fitted by mode $args.resize_mode with $args.upscaler', async (row) => {
    const { width, height, resize_mode, upscaler } = row.args
    const source = pixels(row.in['image']!)
    const mode = MODES[number(resize_mode)]!
    const kind = upscaler === 'Nearest' ? 'nearest' : 'lanczos'
    const fitted =
      upscaler === null
        ? fitImage(source, number(width), number(height), mode)
        : await fitImageWith((picture, factor) => upscaleImage(picture, factor, { kind }), source, {
            ...{ width: number(width), height: number(height), mode },
          })
    expect(differ(fitted.data, pixels(row.out['image'] as string).data)).toBe(0)
  })

  it.each(of('upscaler.upscale'))('$id is upscaled by $args.name x $args.scale', async (row) => {
    const kind = row.args['name'] === 'Nearest' ? 'nearest' : 'lanczos'
    const image = await upscaleImage(pixels(row.in['image']!), number(row.args['scale']), { kind })
    expect(differ(image.data, pixels(row.out['image'] as string).data)).toBe(0)
  })

  it.each(of('flatten'))('$id is laid over $args.bgcolor', (row) => {
    const flat = flattenImage(pixels(row.in['image']!), row.args['bgcolor'] as string)
    expect(differ(flat.data, pixels(row.out['image'] as string).data)).toBe(0)
  })
})

describe('a mask', () => {
  it.each(of('create_binary_mask'))('$id is read from a picture, rounded: $args.round', (row) => {
    const mask = readMask(pixels(row.in['image']!), row.args['round'] === true)
    expect(differ(mask.data, grey(row.out['image'] as string).data)).toBe(0)
  })

  it.each(of('crop_region'))('$id has a box with padding $args.pad', (row) => {
    const { pad, processing_width, processing_height } = row.args
    const mask = grey(row.in['mask']!)
    const box = findMaskedBox(mask, number(pad))
    if (row.out['box'] === null) return expect(box).toBeUndefined()
    expect(Object.values(pick(box!))).toEqual(row.out['box'])
    if (row.out['expanded'] === undefined) return undefined
    const target = { width: number(processing_width), height: number(processing_height) }
    return expect(Object.values(pick(expandBox(box!, target, mask)))).toEqual(row.out['expanded'])
  })

  it.each(of('fill'))('$id is filled from around', (row) => {
    const filled = fillMasked(pixels(row.in['image']!), grey(row.in['mask']!))
    expect(differ(filled.data, pixels(row.out['image'] as string).data)).toBeLessThanOrEqual(2)
  })
})

function firstChannel({ shape, data }: Tensor): Float32Array {
  return data.filter((_, i) => i % (shape[2] ?? 1) === 0)
}

function pick({ left, top, right, bottom }: { left: number; top: number; right: number; bottom: number }) {
  return { left, top, right, bottom }
}

describe('a source with a mask', () => {
  it.each(of('img2img.init'))('$id is prepared: $args', async (row) => {
    const { args, out } = row
    const settings = InpaintMask.fromPartial({
      blurX: number(args['mask_blur'] ?? args['mask_blur_x']),
      blurY: number(args['mask_blur'] ?? args['mask_blur_y']),
      invert: args['inpainting_mask_invert'] === 1,
      round: args['mask_round'] !== false,
      content: (number(args['inpainting_fill']) + 1) as MaskedContent,
      onlyMasked: args['inpaint_full_res'] === true,
      padding: number(args['inpaint_full_res_padding']),
    })
    const [width, height] = [number(args['width']), number(args['height'])]
    const fit = { width, height, resizeMode: MODES[number(args['resize_mode'])]! }
    const mask = prepareMask(pixels(row.in['mask']!), settings, fit)!
    const { picture, overlay } = await preparePicture(pixels(row.in['image']!), mask, fit, settings)
    const box = mask.box && [
      ...[mask.box.left, mask.box.top],
      ...[mask.box.right - mask.box.left, mask.box.bottom - mask.box.top],
    ]
    expect(box ?? null).toEqual(out['paste_to'])
    const tensor = (name: string): Tensor => tensors.tensor(out[name] as string)
    expect(differ(mask.forOverlay.data, firstChannel(tensor('mask_for_overlay')))).toBeLessThanOrEqual(2)
    expect(differ(picture.data, tensor('vae_input').data)).toBeLessThanOrEqual(2)
    expect(differ(overlay!.data, tensor('overlay').data)).toBeLessThanOrEqual(2)
    const latentMask = toLatentMask(mask.mask, {
      width: width / 8,
      height: height / 8,
      rounds: settings.round,
    })
    expect(differ(latentMask.data, tensor('latent_mask').data.slice(0, (width * height) / 64))).toBeLessThan(
      0.01,
    )
  })

  it.each(of('apply_overlay'))('$id gets its overlay back', (row) => {
    const place = row.args['paste_loc'] as [number, number, number, number] | null
    const box = place && {
      ...{ left: place[0], top: place[1] },
      ...{ right: place[0] + place[2], bottom: place[1] + place[3] },
    }
    const result = applyOverlay(pixels(row.in['image']!), pixels(row.in['overlay']!), box ?? undefined)
    expect(differ(result.data, pixels(row.out['image'] as string).data)).toBe(0)
  })
})

describe('colour correction', () => {
  it.each(of('color_correction'))('$id gives a picture the colours of its source', (row) => {
    const [picture, source] = [pixels(row.in['image']!), pixels(row.in['target']!)]
    expect(
      differ(toLab(source.data), tensors.tensor(row.out['lab_target'] as string).data),
    ).toBeLessThanOrEqual(1)
    const corrected = correctColours(picture, source)
    expect(differ(corrected.data, pixels(row.out['image'] as string).data)).toBeLessThanOrEqual(3)
  })
})
