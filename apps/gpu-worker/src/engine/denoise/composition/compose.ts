import type { PredictionKind } from '@atelier/catalog'
import { cropPlanes, type PlaneBox } from '../../tensor/planes.ts'
import { repeatToBatch } from '../../tensor/blocks.ts'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { combine, joinRows, scale, sliceRows } from '../combine.ts'
import { concatChannels, type NetworkInputs, type PredictionNetwork } from '../guidance.ts'
import { toRows } from '../inside/patch-network.ts'
import { denoisedFactors, networkInputScale } from '../parameterisation.ts'
import type { SamplingPlan } from '../plan.ts'
import type { GuidingEntry } from './guiding-entry.ts'
import { regionOf, weighRegion } from './region.ts'

/** What clean latents are predicted with. */
export interface ComposerOptions {
  readonly network: PredictionNetwork
  readonly prediction: PredictionKind
  readonly plan: Pick<SamplingPlan, 'timestepOf' | 'consistencyAt'>
}

/** When a latent is looked at. */
export interface Moment {
  readonly latent: Tensor
  readonly sigma: number
  /** Evaluations before this one. */
  readonly call: number
}

/**
 * Predicts the clean latent under each list of entries, as ComfyUI composes them: every entry active at that sigma
 * predicts its part of the picture, and where parts overlap their weighted mean counts. Where no entry is active, zero.
 */
export type Composer = (
  lists: readonly (readonly GuidingEntry[])[],
  moment: Moment,
) => Promise<readonly Tensor[]>

/** Makes a composer over a network; entries of equal size, token count, controls and network share an evaluation. */
export function createComposer(options: ComposerOptions): Composer {
  return async (lists, moment) => {
    const parts: Part[][] = []
    for (const entries of lists) parts.push(await placeParts(entries, moment, options.network))
    const predictions = await predictParts(parts.flat(), moment, options)
    let next = 0
    return parts.map((own) => {
      const clean = predictions.slice(next, (next += own.length))
      return merge(own, clean, moment.latent.shape)
    })
  }
}

/** An active entry, its place, and what predicts under it. */
interface Part {
  readonly entry: GuidingEntry
  readonly region: PlaneBox
  readonly network: PredictionNetwork
  /** Its share by cell [n, h, w] of its region; absent: by its mask and strength. */
  readonly weights?: Tensor
}

/** The entries that are active, then those that stand in where they leave something over. */
async function placeParts(
  entries: readonly GuidingEntry[],
  { latent: { shape }, sigma }: Moment,
  usual: PredictionNetwork,
): Promise<Part[]> {
  const place = async (entry: GuidingEntry): Promise<Part> => ({
    ...{ entry, region: regionOf(entry, shape) },
    network: (await entry.networkAt?.(sigma)) ?? usual,
  })
  const parts: Part[] = []
  const active = entries.filter(({ startSigma, endSigma }) => sigma <= startSigma && sigma >= endSigma)
  for (const entry of active) if (entry.isDefault !== true) parts.push(await place(entry))
  const stand = active.filter(({ isDefault }) => isDefault)
  if (stand.length === 0) return parts
  const weights = weighRest(parts, shape)
  if (weights.data.every((value) => value === 0)) return parts
  for (const entry of stand) parts.push({ ...(await place({ ...entry, area: undefined })), weights })
  return parts
}

/** What the weights of parts leave of 1 in each cell, [images, h, w]. */
function weighRest(parts: readonly Part[], shape: readonly number[]): Tensor {
  const [images, , height, width] = shape as [number, number, number, number]
  const taken = createTensor([images, 1, height, width])
  for (const { entry, region } of parts)
    addRegion(taken, undefined, { region, weights: weighRegion(entry, region, shape) })
  return createTensor(
    [images, height, width],
    taken.data.map((value) => Math.max(1 - value, 0)),
  )
}

async function predictParts(
  parts: readonly Part[],
  moment: Moment,
  options: ComposerOptions,
): Promise<Tensor[]> {
  const clean = new Array<Tensor>(parts.length)
  await Promise.all(
    groupParts(parts).map(async (indexes) => {
      const own = indexes.map((index) => parts[index]!)
      const rows = await predictGroup(own, moment, options)
      const images = moment.latent.shape[0]!
      indexes.forEach((index, i) => (clean[index] = sliceRows(rows, i * images, (i + 1) * images)))
    }),
  )
  return clean
}

function groupParts(parts: readonly Part[]): number[][] {
  const groups = new Map<string, number[]>()
  const known: unknown[] = []
  const numberOf = (of: unknown) => (known.includes(of) ? known.indexOf(of) : known.push(of) - 1)
  parts.forEach(({ entry, region, network }, index) => {
    const { height, width } = region
    const lengths = [entry.tokens, entry.controlTokens].map((tokens) => tokens?.shape[1])
    const key = [height, width, ...lengths, numberOf(entry.controls), numberOf(network)].join()
    groups.set(key, [...(groups.get(key) ?? []), index])
  })
  return [...groups.values()]
}

/** Clean latents of entries of one size, the batch's images for each in turn. */
async function predictGroup(
  parts: readonly Part[],
  { latent, sigma, call }: Moment,
  { prediction, plan }: ComposerOptions,
): Promise<Tensor> {
  const { network } = parts[0]!
  const images = latent.shape[0]!
  const seen = joinRows(parts.map(({ region }) => crop(latent, region)))
  const rows = parts.length * images
  const labels = parts.flatMap(({ entry: { label } }) => (label ? [repeatToBatch(label, images)] : []))
  const inputs: NetworkInputs = {
    latent: scale(networkInputScale(prediction, sigma), seen),
    timesteps: new Float32Array(rows).fill(plan.timestepOf(sigma)),
    context: joinRows(parts.map(({ entry }) => repeatToBatch(entry.tokens, images))),
    ...(labels.length === parts.length ? { label: joinRows(labels) } : {}),
    sigma,
  }
  const moment = { images: Array.from({ length: rows }, (_, row) => row % images), sigma, call }
  const controlTexts = parts.flatMap(({ entry: { controlTokens } }) => controlTokens ?? [])
  const controlInputs =
    controlTexts.length === 0
      ? inputs
      : { ...inputs, context: joinRows(controlTexts.map((tokens) => repeatToBatch(tokens, images))) }
  const control = await parts[0]!.entry.controls?.evaluate(controlInputs, moment)
  const seenInputs = concatChannels(
    inputs,
    parts.map(({ entry: { concat }, region }) => ({ concat: concat && crop(concat, region) })),
  )
  const inside = joinInside(parts, images)
  const output = await network({
    ...seenInputs,
    ...control,
    ...(inside && { control: { ...control?.control, ...inside } }),
  })
  const { fromLatent, fromOutput } = denoisedFactors(prediction, sigma)
  const clean = combine([fromLatent, seen], [fromOutput, output])
  const shares = plan.consistencyAt?.(sigma)
  return shares === undefined ? clean : combine([shares.out, clean], [shares.skip, seen])
}

/** What patches are told about each row; zeros for entries that say nothing. */
function joinInside(parts: readonly Part[], images: number): NetworkInputs['control'] {
  const told = parts.map(({ entry }) => entry.inside ?? {})
  const lengths = new Map(
    told.flatMap((values) => Object.entries(values).map(([name, { length }]) => [name, length] as const)),
  )
  if (lengths.size === 0) return undefined
  const rowsOf = (name: string, length: number) =>
    told.flatMap((values) =>
      Array.from({ length: images }, () => values[name] ?? new Array<number>(length).fill(0)),
    )
  return Object.fromEntries([...lengths].map(([name, length]) => [name, toRows(rowsOf(name, length))]))
}

function crop(latent: Tensor, region: PlaneBox): Tensor {
  const [, , height, width] = latent.shape
  return region.height === height && region.width === width ? latent : cropPlanes(latent, region)
}

/** Keeps the mean finite where nothing counts. */
const NO_WEIGHT = 1e-37

function merge(parts: readonly Part[], clean: readonly Tensor[], shape: readonly number[]): Tensor {
  const [first] = parts
  // Alone and everywhere: the mean of one.
  if (parts.length === 1 && first!.weights === undefined && isEverywhere(first!.entry)) return clean[0]!
  const sum = createTensor(shape)
  const weights = createTensor(shape)
  weights.data.fill(NO_WEIGHT)
  parts.forEach(({ entry, region, weights: given }, i) => {
    const own = given ?? weighRegion(entry, region, shape)
    addRegion(sum, clean[i]!, { region, weights: own })
    addRegion(weights, undefined, { region, weights: own })
  })
  return createTensor(
    shape,
    sum.data.map((value, i) => value / weights.data[i]!),
  )
}

function isEverywhere({ area, mask, strength }: GuidingEntry): boolean {
  return area === undefined && mask === undefined && strength !== 0
}

/** Adds values (1 where there are none) times weights to a region of a target [images, channels, h, w]. */
function addRegion(
  target: Tensor,
  values: Tensor | undefined,
  { region, weights }: { region: PlaneBox; weights: Tensor },
): void {
  const [images, channels, rows, columns] = target.shape as [number, number, number, number]
  const { top, left, height, width } = region
  for (let plane = 0; plane < images * channels; plane += 1) {
    const own = (Math.floor(plane / channels) % weights.shape[0]!) * height * width
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const at = y * width + x
        const value = values === undefined ? 1 : values.data[plane * height * width + at]!
        target.data[(plane * rows + top + y) * columns + left + x]! += value * weights.data[own + at]!
      }
    }
  }
}
