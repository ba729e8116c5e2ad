import { joinRows, scale, sliceRows, combine } from '../denoise/combine.ts'
import type { ControlMoment, NetworkInputs, RowControls } from '../denoise/guidance.ts'
import { resizeTensor } from '../resample/resize-tensor.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { ControlNetwork, Residuals } from './control-network.ts'
import type { PlaceWeight } from './mode-weights.ts'

/** A network with its hint, strength and window, as one conditioning is guided by it. */
export interface ControlUnit {
  readonly network: ControlNetwork
  /** One hint for all images, or one for each, [count, channels, height, width], 0 to 1, for a latent of that size. */
  readonly hintFor: (latent: Tensor) => Tensor
  readonly weightOf: PlaceWeight
  readonly isActive: (moment: ControlMoment) => boolean
  /** Kind of hint, for a union network. */
  readonly unionType?: number | undefined
  /** Factor on what it adds, by place of the picture, [1, 1, height, width] of any size; absent: 1 everywhere. */
  readonly region?: Tensor | undefined
}

/** Changes what a network predicted for rows of latents. */
export type AdjustPrediction = NonNullable<RowControls['adjust']>

/** Features of adapters, and the hints they were made of. */
type Constants = Map<ControlUnit, { readonly hint: Tensor; readonly features: Promise<Residuals> }>

/** Joins units to what guides a conditioning: what they add is summed. */
export function createRowControls(units: readonly ControlUnit[], adjust?: AdjustPrediction): RowControls {
  const constants: Constants = new Map()
  return {
    adjust,
    async evaluate(inputs, moment) {
      let sum: Record<string, Tensor> | undefined
      for (const unit of units) {
        if (!unit.isActive(moment)) continue
        const residuals = unit.network.isConstant
          ? await evaluateConstant(unit, { inputs, moment, constants })
          : await unit.network.evaluate(
              inputs,
              pickRows(unit.hintFor(inputs.latent), moment.images),
              unit.unionType,
            )
        sum = addResiduals(sum, keepToRegion(weigh(residuals, unit.weightOf), unit.region))
      }
      return sum
    },
  }
}

/** Features of an adapter: made once for every hint, then given to each row. */
async function evaluateConstant(
  unit: ControlUnit,
  { inputs, moment, constants }: { inputs: NetworkInputs; moment: ControlMoment; constants: Constants },
): Promise<Residuals> {
  const hint = unit.hintFor(inputs.latent)
  const known = constants.get(unit)
  const made = known?.hint === hint ? known.features : unit.network.evaluate(inputs, hint)
  constants.set(unit, { hint, features: made })
  return mapPlaces(await made, (place, value) =>
    pickRows(fitFeature(place, value, inputs.latent), moment.images),
  )
}

/** A feature of the size of what it is added to: networks halve odd sides up, adapters down. */
function fitFeature(place: string, feature: Tensor, latent: Tensor): Tensor {
  const block = place.split('_')[1]
  // Every third input block halves; the middle of the networks that take a feature there is halved twice.
  const halvings = block === undefined ? 2 : Math.floor(Number(block) / 3)
  const [height, width] = latent.shape.slice(2).map((side) => Math.ceil(side / 2 ** halvings)) as [
    number,
    number,
  ]
  const isFitting = feature.shape[2] === height && feature.shape[3] === width
  return isFitting ? feature : resizeTensor(feature, width, height, 'nearest')
}

function keepToRegion(residuals: Residuals, region: Tensor | undefined): Residuals {
  if (region === undefined) return residuals
  return mapPlaces(residuals, (_, { shape, data }) => {
    const [height, width] = shape.slice(2) as [number, number]
    const factors = resizeTensor(region, width, height, 'bilinear').data
    return createTensor(
      shape,
      data.map((value, i) => value * factors[i % factors.length]!),
    )
  })
}

/** The rows of the images, going round where there are fewer. */
function pickRows(source: Tensor, images: readonly number[]): Tensor {
  const count = source.shape[0]!
  return joinRows(images.map((image) => sliceRows(source, image % count, (image % count) + 1)))
}

function weigh(residuals: Residuals, weightOf: PlaceWeight): Record<string, Tensor> {
  const blocks = Object.keys(residuals).filter((place) => place !== 'middle').length
  return mapPlaces(residuals, (place, value) => {
    const weight = weightOf(place, blocks)
    return weight === 1 ? value : scale(weight, value)
  })
}

function addResiduals(sum: Record<string, Tensor> | undefined, own: Residuals): Record<string, Tensor> {
  if (sum === undefined) return { ...own }
  const total = { ...sum }
  for (const [place, value] of Object.entries(own)) {
    const before = total[place]
    total[place] = before === undefined ? value : addSpread(before, value)
  }
  return total
}

/** The sum; a mean over the picture [rows, channels, 1, 1] is spread over it. */
function addSpread(a: Tensor, b: Tensor): Tensor {
  if (a.data.length === b.data.length) return combine([1, a], [1, b])
  const [large, small] = a.data.length > b.data.length ? [a, b] : [b, a]
  const plane = large.data.length / small.data.length
  return createTensor(
    large.shape,
    large.data.map((value, i) => value + small.data[Math.floor(i / plane)]!),
  )
}

function mapPlaces(
  residuals: Residuals,
  change: (place: string, value: Tensor) => Tensor,
): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(residuals).map(([place, value]) => [place, change(place, value)]))
}
