import type { BusyListener } from '../busy-listener.ts'
import { joinAxis } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { combine, createRowJoiner, joinRows, scale, sliceRows, type RowJoiner, type Term } from './combine.ts'
import type { PredictionKind } from '@atelier/catalog'
import { denoisedFactors, networkInputScale } from './parameterisation.ts'
import type { SamplingPlan } from './plan.ts'
import type { Denoiser } from './sampler.ts'

/**
 * One evaluation of a denoising network: rows of latents [rows, 4, h, w], or more channels where the network takes
 * others beside them, a timestep and a context for each.
 */
export interface NetworkInputs {
  readonly latent: Tensor
  readonly timesteps: Float32Array
  readonly context: Tensor
  /** [rows, width] for the models that take one. */
  readonly label?: Tensor
  /** What is added inside the network, by the name of its place (networks/unet.ts), a row for each row. */
  readonly control?: Readonly<Record<string, Tensor>>
  /** Convolutions go on at the opposite edge, so that the picture tiles. */
  readonly wraps?: boolean
  /** Sizes that cannot be halved all the way down are treated as A1111 treats them. */
  readonly fitsLast?: boolean
  /** The noise level, for those who change what the network does; the network itself is told by its timesteps. */
  readonly sigma?: number
  /** Changes of the network itself. */
  readonly patches?: readonly NetworkChange[]
  /** ControlNets that are computed in the same call (networks/control/join-controls.ts); `control` tells them their rows. */
  readonly joined?: readonly NetworkChange[]
  /** Their hints, by the names of their inputs, a row for each row; the same tensors again while nothing changes. */
  readonly hints?: Readonly<Record<string, Tensor>>
  /** What they are given for the whole call. */
  readonly shared?: SharedInputs
}

/** A change of what a network does, known to whoever writes it; two of one key do the same. */
export interface NetworkChange {
  readonly key: string
}

/** Inputs that all rows of a call have in common. */
export interface SharedInputs {
  /** Two of one key, for rows of one shape, are equal. */
  readonly key: string
  readonly values: Readonly<Record<string, Tensor>>
}

/** The raw network, to its prediction of the latent's shape. Batching happens behind it. */
export type PredictionNetwork = (inputs: NetworkInputs, onBusy?: BusyListener) => Promise<Tensor>

/** What controls add to the inputs of a call. */
export type ControlInputs = Pick<NetworkInputs, 'control' | 'joined' | 'hints'>

/** What guides a conditioning from inside the network: ControlNets and adapters, with their hints. */
export interface RowControls {
  /** What they add for these rows, or undefined when none acts now; `images` are the rows' indexes in the batch. */
  evaluate(inputs: NetworkInputs, at: ControlMoment): Promise<ControlInputs | undefined>
  /** Changes what the network predicted for these rows; absent: nothing is changed. */
  readonly adjust?: ((prediction: Tensor, inputs: NetworkInputs) => Tensor) | undefined
}

/** When and for which images controls are asked. */
export interface ControlMoment {
  readonly images: readonly number[]
  readonly sigma: number
  /** Evaluations before this one. */
  readonly call: number
}

/** What a row tells the network beside its latent. */
export interface RowContent {
  /** [1, tokens, width]. */
  readonly tokens: Tensor
  /** [1, width] for the models that take one. */
  readonly label?: Tensor | undefined
  /** Channels that follow the latent's, [1, channels, h, w], for the models that take some. */
  readonly concat?: Tensor | undefined
  readonly controls?: RowControls | undefined
}

/** One conditioning of one image, with its weight in the guided sum. */
export interface WeightedContext extends RowContent {
  readonly weight: number
}

/** What conditions each image of a batch at one evaluation. */
export interface BatchConditioning {
  readonly positive: readonly (readonly WeightedContext[])[]
  readonly negative: readonly (readonly WeightedContext[])[]
}

/** What rows are evaluated with. */
export interface RowOptions {
  readonly network: PredictionNetwork
  readonly prediction: PredictionKind
  readonly plan: Pick<SamplingPlan, 'timestepOf' | 'consistencyAt'>
  /** Joins contexts; absent: `joinRows`. */
  readonly joinContexts?: RowJoiner
}

/** What a guided denoiser is made of. */
export interface GuidanceOptions extends RowOptions {
  /** Conditioning by evaluation, counted from 0 (prompt timelines). */
  readonly conditioningAt: (call: number) => BatchConditioning
  readonly guidanceScale: number
  readonly plan: Pick<SamplingPlan, 'timestepOf' | 'consistencyAt' | 'guidanceFactor' | 'needsUnconditional'>
  /** Whether the unconditional evaluation is left out at this one (A1111's NGMS). */
  readonly skipsUnconditional?: (call: number, sigma: number) => boolean
}

/** Joined contexts of earlier evaluations that are remembered. */
const KEPT_CONTEXTS = 4

/** Classifier-free guidance (Ho & Salimans 2022, arXiv 2207.12598) over a network: `u + Σ w·scale·(c - u)`. */
export function createGuidedDenoiser(options: GuidanceOptions): Denoiser {
  let calls = 0
  // One for each group of rows, and as many again where prompts change.
  const joinContexts = createRowJoiner(KEPT_CONTEXTS)
  const guidanceScale = options.guidanceScale * (options.plan.guidanceFactor ?? 1)
  return async (latent, sigma) => {
    const call = calls
    calls += 1
    const { positive, negative } = options.conditioningAt(call)
    const isPlain = guidanceScale === 1 && !options.plan.needsUnconditional && positive.every(isWhole)
    const isLeftOut = options.skipsUnconditional?.(call, sigma) ?? false
    const skips = isPlain || isLeftOut
    const rows = toRows(positive).concat(skips ? [] : toRows(negative))
    const denoised = await denoiseRows(rows, { latent, sigma, call, options: { ...options, joinContexts } })
    const conditioned = sumByImage(latent, denoised.slice(0, countRows(positive)), positive)
    if (skips) {
      const latent = completeWeights(conditioned, denoised, positive)
      return { latent, unconditional: latent }
    }
    const unconditional = sumByImage(latent, denoised.slice(countRows(positive)), negative)
    return { latent: guide(guidanceScale, { conditioned, unconditional, positive }), unconditional }
  }
}

/** Rounding allowed in weights that should add up to one. */
const WHOLE = 1e-6

/** Whether an image's weights add up to one, so that a guidance scale of 1 leaves nothing of the unconditional. */
function isWhole(contexts: readonly WeightedContext[]): boolean {
  return Math.abs(totalWeight(contexts) - 1) <= WHOLE
}

function totalWeight(contexts: readonly WeightedContext[]): number {
  return contexts.reduce((sum, { weight }) => sum + weight, 0)
}

/** A row of an evaluation: an image under one conditioning. */
export interface Row extends RowContent {
  readonly image: number
}

/** The rows of a list of conditionings, image after image. */
export function toRows(images: BatchConditioning['positive']): Row[] {
  return images.flatMap((contexts, image) => contexts.map((context) => ({ ...context, image })))
}

function countRows(images: BatchConditioning['positive']): number {
  return images.reduce((sum, contexts) => sum + contexts.length, 0)
}

/** Denoised latents of all rows, in their order; rows of equal context length and controls share an evaluation. */
export async function denoiseRows(
  rows: readonly Row[],
  { latent, sigma, call, options }: { latent: Tensor; sigma: number; call: number; options: RowOptions },
): Promise<Tensor[]> {
  const { network, plan, prediction, joinContexts = joinRows } = options
  const input = scale(networkInputScale(prediction, sigma), latent)
  const timestep = plan.timestepOf(sigma)
  const { fromLatent, fromOutput } = denoisedFactors(prediction, sigma)
  const shares = plan.consistencyAt?.(sigma)
  const results = new Array<Tensor>(rows.length)
  await Promise.all(
    groupRows(rows).map(async (indexes) => {
      const own = indexes.map((index) => rows[index]!)
      const inputs: NetworkInputs = {
        latent: joinRows(own.map(({ image }) => sliceRows(input, image, image + 1))),
        timesteps: new Float32Array(own.length).fill(timestep),
        context: joinContexts(own.map(({ tokens }) => tokens)),
        ...joinLabels(own),
        sigma,
      }
      const images = own.map(({ image }) => image)
      const { controls } = own[0]!
      const control = await controls?.evaluate(inputs, { images, sigma, call })
      const seen = concatChannels(inputs, own)
      const predicted = await network({ ...seen, ...control })
      const output = controls?.adjust?.(predicted, inputs) ?? predicted
      indexes.forEach((index, row) => {
        const x = sliceRows(latent, own[row]!.image, own[row]!.image + 1)
        const clean = combine([fromLatent, x], [fromOutput, sliceRows(output, row, row + 1)])
        results[index] = shares === undefined ? clean : combine([shares.out, clean], [shares.skip, x])
      })
    }),
  )
  return results
}

/** The rows' labels, where they have some. */
function joinLabels(rows: readonly Pick<RowContent, 'label'>[]): Pick<NetworkInputs, 'label'> {
  const labels = rows.flatMap(({ label }) => label ?? [])
  return labels.length === 0 ? {} : { label: joinRows(labels) }
}

/** Inputs whose latents are followed by the channels of their rows. */
export function concatChannels(
  inputs: NetworkInputs,
  rows: readonly Pick<RowContent, 'concat'>[],
): NetworkInputs {
  const channels = rows.flatMap(({ concat }) => concat ?? [])
  return channels.length === 0
    ? inputs
    : { ...inputs, latent: joinAxis([inputs.latent, joinRows(channels)], 1) }
}

function groupRows(rows: readonly Row[]): number[][] {
  const groups: number[][] = []
  rows.forEach(({ tokens, controls }, index) => {
    const group = groups.find(([first]) => {
      const other = rows[first!]!
      return other.tokens.shape[1] === tokens.shape[1] && other.controls === controls
    })
    if (group === undefined) groups.push([index])
    else group.push(index)
  })
  return groups
}

/** Weighted sum of each image's rows. */
function sumByImage(like: Tensor, rows: readonly Tensor[], images: BatchConditioning['positive']): Tensor {
  let next = 0
  return joinImages(
    images.map((contexts) => {
      const terms = contexts.map(({ weight }): Term => [weight, rows[next++]!])
      if (terms.length === 0) return createTensor([1, ...like.shape.slice(1)])
      return terms.length === 1 && terms[0]![0] === 1 ? terms[0]![1] : combine(...terms)
    }),
  )
}

/** Without an unconditional the first conditional stands in for it, as in A1111: `c0 + Σ w·(c - c0)`. */
function completeWeights(
  conditioned: Tensor,
  rows: readonly Tensor[],
  images: BatchConditioning['positive'],
): Tensor {
  if (images.every(isWhole)) return conditioned
  let next = 0
  return joinRows(
    images.map((contexts, image) => {
      const first = rows[next]
      next += contexts.length
      const own = sliceRows(conditioned, image, image + 1)
      return first === undefined ? own : combine([1, own], [1 - totalWeight(contexts), first])
    }),
  )
}

/** One image is itself: no copy of it is made. */
function joinImages(rows: readonly Tensor[]): Tensor {
  return rows.length === 1 ? rows[0]! : joinRows(rows)
}

function guide(
  guidanceScale: number,
  {
    conditioned,
    unconditional,
    positive,
  }: { conditioned: Tensor; unconditional: Tensor; positive: BatchConditioning['positive'] },
): Tensor {
  return joinImages(
    positive.map((contexts, image) => {
      const row = (tensor: Tensor) => sliceRows(tensor, image, image + 1)
      return combine(
        [1 - guidanceScale * totalWeight(contexts), row(unconditional)],
        [guidanceScale, row(conditioned)],
      )
    }),
  )
}
