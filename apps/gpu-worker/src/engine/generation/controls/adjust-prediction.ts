import type { GenerationJob } from '@atelier/proto'
import { boxMean } from '../../control/box-mean.ts'
import type { AdjustPrediction } from '../../control/row-controls.ts'
import { blend, spreadMask } from '../../denoise/keep-latent.ts'
import { combine } from '../../denoise/combine.ts'
import { toModelLatent } from '../../models/latent-format.ts'
import { roundEven, type Raster } from '../../opencv/raster.ts'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import type { Generation } from '../generation.ts'
import { LATENT_PIXELS } from '../latent-size.ts'
import { actsIn, type PreparedUnit } from './prepare-controls.ts'

/** What a unit changes of the prediction of each half. */
export interface Adjustment {
  readonly conditional: AdjustPrediction
  readonly unconditional: AdjustPrediction
}

/** Share of the blur that sharpening takes from the unconditional half, for a setting of 1. */
const SHARPNESS = 0.01
/** Pixels around a latent pixel that its mask looks at. */
const MASK_MARGIN = 1

/**
 * What a job's units change of the network's predictions: colours kept (tile_colorfix), and what lies outside the mask
 * kept (inpaint_only). The extension does so in every step, whatever the unit's start and end.
 */
export async function listAdjustments(generation: Generation, isSecond: boolean): Promise<Adjustment[]> {
  const { sigmas } = generation.checkpoint.model.sampling
  const adjustments: Adjustment[] = []
  for (const prepared of generation.controls) {
    const pass = isSecond && prepared.second !== undefined ? prepared.second : prepared.first
    if (prepared.module.includes('colorfix'))
      adjustments.push(
        keepColours(await encodeMap(generation, pass.map), prepared, { ...generation, isSecond }),
      )
    if (prepared.module === 'inpaint_only' && pass.map.channels === 4)
      adjustments.push(
        keepOutside(await encodeMap(generation, pass.map), prepared, {
          mask: toLatentMask(pass.map),
          sigmas,
        }),
      )
  }
  return adjustments
}

/** The colours of a control picture as a latent [1, 4, h, w] in the model's scale. */
export async function encodeMap(
  { vae, checkpoint }: Generation,
  { width, height, channels, data }: Raster,
): Promise<Tensor> {
  const plane = width * height
  const pixels = createTensor([1, 3, height, width])
  for (let i = 0; i < plane; i += 1)
    for (let c = 0; c < 3; c += 1) pixels.data[c * plane + i] = (data[channels * i + c]! / 255) * 2 - 1
  return toModelLatent((await vae.encode(pixels)).mean, checkpoint.model.latents)
}

type ChangeClean = (clean: Tensor) => Tensor

/** Means over squares of the predicted picture are those of the control picture. */
function keepColours(
  origin: Tensor,
  { unit, module }: PreparedUnit,
  {
    job,
    checkpoint,
    isSecond,
  }: { job: GenerationJob; checkpoint: Generation['checkpoint']; isSecond: boolean },
): Adjustment {
  const isWider = isSecond && actsIn(unit, job, isSecond)
  const radius = Math.trunc(unit.preprocessing?.thresholdA ?? 0) * (isWider ? 2 : 1)
  const originMean = boxMean(origin, radius)
  const { sigmas } = checkpoint.model.sampling
  const keep: ChangeClean = (clean) =>
    combine([1, clean], [-1, boxMean(clean, radius)], [1, spreadMask(originMean, clean.shape)])
  const conditional = changeClean(keep, unit.weight, sigmas)
  if (!module.includes('+sharp')) return { conditional, unconditional: conditional }
  const share = (unit.preprocessing?.thresholdB ?? 0) * SHARPNESS
  const blurred: ChangeClean = (clean) => {
    const kept = keep(clean)
    return combine([share, boxMean(kept, radius)], [1 - share, kept])
  }
  return { conditional, unconditional: changeClean(blurred, unit.weight, sigmas) }
}

/** Outside the mask the predicted picture is the control picture. */
function keepOutside(
  origin: Tensor,
  { unit }: PreparedUnit,
  { mask, sigmas }: { mask: Tensor; sigmas: ArrayLike<number> },
): Adjustment {
  const keep: ChangeClean = (clean) =>
    blend(clean, spreadMask(origin, clean.shape), spreadMask(mask, clean.shape))
  const adjust = changeClean(keep, unit.weight, sigmas)
  return { conditional: adjust, unconditional: adjust }
}

/** Changes a noise prediction by what is to become of the clean latent it says; `weight` 0 to 1 is how much of it. */
function changeClean(change: ChangeClean, weight: number, sigmas: ArrayLike<number>): AdjustPrediction {
  const share = Math.min(Math.max(weight, 0), 1)
  return (prediction, { latent, timesteps }) => {
    const sigma = sigmas[Math.min(roundEven(timesteps[0]!), sigmas.length - 1)]!
    const root = Math.sqrt(1 + sigma * sigma)
    // Checkpoints for inpainting see a mask and a picture behind the latent's own channels.
    const noisy = takeChannels(latent, prediction.shape)
    const clean = combine([root, noisy], [-sigma, prediction])
    return combine([(share * root) / sigma, noisy], [-share / sigma, change(clean)], [1 - share, prediction])
  }
}

function takeChannels(latent: Tensor, shape: readonly number[]): Tensor {
  const [rows, channels, height, width] = shape as [number, number, number, number]
  if (latent.shape[1] === channels) return latent
  const [size, own] = [channels * height * width, latent.shape[1]! * height * width]
  const taken = createTensor(shape)
  for (let row = 0; row < rows; row += 1)
    taken.data.set(latent.data.subarray(row * own, row * own + size), row * size)
  return taken
}

/** A control picture's mask over latent pixels, [1, 1, h, w]: the largest value in and around each. */
function toLatentMask({ width, height, data }: Raster): Tensor {
  const [columns, rows] = [width, height].map((side) => side / LATENT_PIXELS) as [number, number]
  const mask = createTensor([1, 1, rows, columns])
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      const [top, left] = [y, x].map((at) => at * LATENT_PIXELS - MASK_MARGIN) as [number, number]
      const side = LATENT_PIXELS + 2 * MASK_MARGIN
      let largest = 0
      for (let py = Math.max(top, 0); py < Math.min(top + side, height); py += 1)
        for (let px = Math.max(left, 0); px < Math.min(left + side, width); px += 1)
          largest = Math.max(largest, data[(py * width + px) * 4 + 3]!)
      mask.data[y * columns + x] = largest / 255
    }
  }
  return mask
}
