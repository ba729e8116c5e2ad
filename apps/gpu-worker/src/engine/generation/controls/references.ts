import { ControlMode } from '@atelier/proto'
import { combine, joinRows, scale, sliceRows } from '../../denoise/combine.ts'
import type { ControlMoment, NetworkInputs, PredictionNetwork, RowControls } from '../../denoise/guidance.ts'
import { createGenerator, type NormalGenerator } from '../../denoise/noise/generator.ts'
import { EngineError } from '../../engine-error.ts'
import { toNoiseKind } from '../../generation-settings.ts'
import {
  capReference,
  reference,
  referenceInputs,
  type ReferenceKind,
} from '../../networks/patches/reference.ts'
import { roundEven } from '../../opencv/raster.ts'
import { joinAxis } from '../../tensor/blocks.ts'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import type { Batch, Generation } from '../generation.ts'
import { LATENT_CHANNELS } from '../latent-size.ts'
import { encodeMap } from './adjust-prediction.ts'
import type { PreparedUnit } from './prepare-controls.ts'

/** A picture that the denoiser is shown beside the one that is drawn, in one pass. */
export interface Reference {
  readonly kind: ReferenceKind
  /** Its clean latent [1, 4, h, w] in the model's scale. */
  readonly latent: Tensor
  /** How much the unconditional half stays as it is without it, 0 to 1. */
  readonly fidelity: number
  readonly isActive: () => boolean
}

/** The half of the guidance that is shown references. */
export type ReferenceHalf = 'conditional' | 'unconditional'

/** Opens a unit's reference for a pass, by sd-webui-controlnet's rules. */
export async function openReference(
  generation: Generation,
  { unit, module, first, second }: PreparedUnit,
  { isSecond, isActive }: { readonly isSecond: boolean; readonly isActive: () => boolean },
): Promise<Reference> {
  const { map } = isSecond && second !== undefined ? second : first
  const kind = capReference({
    attention: module === 'reference_adain' ? 0 : unit.weight,
    statistics: module === 'reference_only' ? 0 : unit.weight,
  })
  return {
    kind,
    latent: await encodeMap(generation, map),
    fidelity: toFidelity(generation, unit, isSecond),
    isActive,
  }
}

/** SDXL's attentions take less of it. */
const XL_POWER = 3

function toFidelity(
  { checkpoint }: Generation,
  { mode, preprocessing }: PreparedUnit['unit'],
  isSecond: boolean,
): number {
  if (mode === ControlMode.CONTROL_MODE_CONTROL) return 1
  if (mode === ControlMode.CONTROL_MODE_PROMPT || isSecond) return 0
  const fidelity = Math.min(Math.max(preprocessing?.thresholdA ?? 0, 0), 1)
  return checkpoint.model.family.startsWith('sdxl') ? fidelity ** XL_POWER : fidelity
}

/** Tells the rows of a half, beside what controls tell them, the references that act. */
export function tellReferences(
  controls: RowControls,
  references: readonly Reference[],
  { generation, batch, half }: { generation: Generation; batch: Batch; half: ReferenceHalf },
): RowControls {
  const noises = references.map((_, index) =>
    createNoises(generation, batch, 2 * index + HALVES.indexOf(half)),
  )
  return {
    adjust: controls.adjust,
    async evaluate(inputs, moment) {
      // Drawn before anything is waited for, so that they come in one order.
      const told = references.flatMap((one, index) => {
        if (!one.isActive()) return []
        const names = referenceInputs(index)
        const fidelity = half === 'conditional' ? 0 : one.fidelity
        return [
          [names.latent, noiseReference(one.latent, { generation, inputs, moment, noise: noises[index]! })],
          [names.fidelity, fill([moment.images.length, 1], fidelity)],
        ] as const
      })
      const own = await controls.evaluate(inputs, moment)
      return { ...own, control: { ...own?.control, ...Object.fromEntries(told) } }
    },
  }
}

const HALVES: readonly ReferenceHalf[] = ['conditional', 'unconditional']

/** A network that is shown the references its rows are told. */
export function showReferences(
  network: PredictionNetwork,
  references: readonly Reference[],
): PredictionNetwork {
  if (references.length === 0) return network
  return (inputs) => {
    const told = references.flatMap(({ kind }, index) =>
      inputs.control?.[referenceInputs(index).latent] === undefined ? [] : [[index, kind] as const],
    )
    if (told.length === 0) return network(inputs)
    return network({ ...inputs, patches: [...(inputs.patches ?? []), reference(new Map(told))] })
  }
}

/** Keeps the streams of one seed apart (2^64 divided by the golden ratio). */
const STREAM_STEP = 0x9e3779b97f4a7c15n

/** Noise for a reference, a generator an image: the extension draws without a seed, here a seed gives one picture. */
function createNoises({ job }: Generation, { images }: Batch, stream: number): readonly NormalGenerator[] {
  return images.map(({ seed }) =>
    createGenerator(toNoiseKind(job.noise), BigInt.asUintN(64, seed ^ (STREAM_STEP * BigInt(stream + 1)))),
  )
}

/** A reference as noisy as the rows are, with the further channels the model takes. */
function noiseReference(
  latent: Tensor,
  {
    generation,
    inputs,
    moment,
    noise,
  }: {
    readonly generation: Generation
    readonly inputs: NetworkInputs
    readonly moment: ControlMoment
    readonly noise: readonly NormalGenerator[]
  },
): Tensor {
  const { sampling, inChannels } = generation.checkpoint.model
  const sigma = sampling.sigmas[Math.min(roundEven(inputs.timesteps[0]!), sampling.sigmas.length - 1)]!
  const drawn = new Map<number, Tensor>()
  for (const image of moment.images)
    if (!drawn.has(image))
      drawn.set(image, createTensor(latent.shape, noise[image]!.drawNormal(latent.data.length)))
  const noisy = moment.images.map((image) =>
    scale(1 / Math.sqrt(1 + sigma * sigma), combine([1, latent], [sigma, drawn.get(image)!])),
  )
  return joinRows(noisy.map((row) => completeChannels(row, latent, inChannels)))
}

/** Channels of a mask and a picture beside the latent's own. */
const INPAINT_CHANNELS = 1 + 2 * LATENT_CHANNELS

/** Checkpoints for inpainting see no mask, and the reference itself. */
function completeChannels(noisy: Tensor, clean: Tensor, channels: number): Tensor {
  if (channels === LATENT_CHANNELS) return noisy
  if (channels === INPAINT_CHANNELS) {
    const [rows, , height, width] = noisy.shape as [number, number, number, number]
    return joinAxis([noisy, createTensor([rows, 1, height, width]), sliceRows(clean, 0, rows)], 1)
  }
  throw new EngineError('invalid-request', `a checkpoint of ${channels} channels takes no reference pictures`)
}

function fill(shape: readonly number[], value: number): Tensor {
  const tensor = createTensor(shape)
  tensor.data.fill(value)
  return tensor
}
