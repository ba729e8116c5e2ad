import { InpaintMask, ResizeMode, type MaskedContent } from '@atelier/proto'
import type { Pixels } from '../../apps/gpu-worker/src/engine/image/pixels.ts'
import { toLatentMask } from '../../apps/gpu-worker/src/engine/inpaint/latent-mask.ts'
import { prepareMask } from '../../apps/gpu-worker/src/engine/inpaint/prepare-mask.ts'
import { preparePicture } from '../../apps/gpu-worker/src/engine/inpaint/prepare-picture.ts'
import type { Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import type { ImageCase } from './image-case.ts'
import { compareValues } from './report.ts'

const CELL = 8
/** Blurred masks and what is mixed by them. */
const BYTES = 2
const LATENT_MASK = 0.01
const MODES = [
  ResizeMode.RESIZE_MODE_STRETCH,
  ResizeMode.RESIZE_MODE_CROP,
  ResizeMode.RESIZE_MODE_FILL,
  ResizeMode.RESIZE_MODE_LATENT,
] as const

const number = (value: unknown): number => Number(value ?? 0)

/** A source with its mask as img2img prepares them: what is encoded, the masks, the overlay and its place. */
export async function compareSource(
  { args, in: input, out }: ImageCase,
  { tensors, pixels }: { tensors: { tensor(name: string): Tensor }; pixels: (name: string) => Pixels },
): Promise<number> {
  const settings = InpaintMask.fromPartial({
    blurX: number(args['mask_blur'] ?? args['mask_blur_x']),
    blurY: number(args['mask_blur'] ?? args['mask_blur_y']),
    invert: args['inpainting_mask_invert'] === 1,
    round: args['mask_round'] !== false,
    content: (number(args['inpainting_fill']) + 1) as MaskedContent,
    onlyMasked: args['inpaint_full_res'] === true,
    padding: number(args['inpaint_full_res_padding']),
  })
  const size = { width: number(args['width']), height: number(args['height']) }
  const fit = { ...size, resizeMode: MODES[number(args['resize_mode'])]! }
  const mask = prepareMask(pixels(input['mask']!), settings, fit)
  if (mask === undefined) throw new Error('no mask was prepared')
  const { picture, overlay } = await preparePicture(pixels(input['image']!), mask, fit, settings)
  const { box } = mask
  const place = box === undefined ? null : [box.left, box.top, box.right - box.left, box.bottom - box.top]
  if (JSON.stringify(place) !== JSON.stringify(out['paste_to'])) return Infinity
  const expected = (name: string) => tensors.tensor(out[name] as string)
  const bytes = (actual: ArrayLike<number>, wanted: ArrayLike<number>) =>
    compareValues(actual, wanted, () => BYTES)
  const cells = { width: size.width / CELL, height: size.height / CELL }
  const latentMask = toLatentMask(mask.mask, { ...cells, rounds: settings.round })
  return Math.max(
    bytes(mask.forOverlay.data, firstChannel(expected('mask_for_overlay'))),
    bytes(picture.data, expected('vae_input').data),
    bytes(overlay?.data ?? [], expected('overlay').data),
    compareValues(
      latentMask.data,
      expected('latent_mask').data.slice(0, cells.width * cells.height),
      () => LATENT_MASK,
    ),
  )
}

function firstChannel({ shape, data }: Tensor): Float32Array {
  return data.filter((_, i) => i % (shape[2] ?? 1) === 0)
}
