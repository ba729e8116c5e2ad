import { combine, scale } from '../denoise/combine.ts'
import type { ControlMoment, NetworkInputs, RowControls } from '../denoise/guidance.ts'
import { resizeTensor } from '../resample/resize-tensor.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { JoinedControl } from '../networks/control/join-controls.ts'
import type { Residuals } from './control-network.ts'
import type { ControlUnit } from './control-unit.ts'
import { countBlocks, type PlaceWeight } from './mode-weights.ts'
import { pickRows } from './pick-rows.ts'
import { tellJoined, type KeptHints } from './tell-joined.ts'

/** Changes what a network predicted for rows of latents. */
export type AdjustPrediction = NonNullable<RowControls['adjust']>

/** Features of adapters, and the hints they were made of. */
type Constants = Map<ControlUnit, { readonly hint: Tensor; readonly features: Promise<Residuals> }>

/**
 * Joins units to what guides a conditioning: what they add is summed. Those that are computed together with the UNet are
 * told what they need; what others add is computed first.
 */
export function createRowControls(units: readonly ControlUnit[], adjust?: AdjustPrediction): RowControls {
  const constants: Constants = new Map()
  const hints: KeptHints = new Map()
  return {
    adjust,
    async evaluate(inputs, moment) {
      const active = units.filter((unit) => unit.isActive(moment))
      if (active.length === 0) return undefined
      const joined = active.flatMap((unit) => {
        const control = joinedOf(unit)
        return control === undefined ? [] : [{ unit, control }]
      })
      const told = joined.map(({ unit, control }, place) => {
        control.check(inputs)
        return tellJoined(unit, control, { place, inputs, moment, hints })
      })
      let sum: Record<string, Tensor> | undefined
      for (const unit of active) {
        if (joinedOf(unit) !== undefined) continue
        const residuals = unit.network.isConstant
          ? await evaluateConstant(unit, { inputs, moment, constants })
          : await unit.network.evaluate(
              inputs,
              pickRows(unit.hintFor(inputs.latent), moment.images),
              unit.unionType,
            )
        sum = addResiduals(sum, keepToRegion(weigh(residuals, unit.weightOf), unit.region))
      }
      if (joined.length === 0) return sum && { control: sum }
      return {
        control: Object.assign({}, sum, ...told.map(({ control }) => control)) as Residuals,
        hints: Object.assign({}, ...told.map((one) => one.hints)) as Residuals,
        joined: joined.map(({ control }) => control),
      }
    },
  }
}

/** A unit's network as part of the UNet's graph. What is kept to a region is rare, and stays a call of its own. */
function joinedOf({ network, region }: ControlUnit): JoinedControl | undefined {
  return region === undefined ? network.joined : undefined
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

function weigh(residuals: Residuals, weightOf: PlaceWeight): Record<string, Tensor> {
  const blocks = countBlocks(Object.keys(residuals))
  return mapPlaces(residuals, (place, value) => {
    // An f32 number, as torch and a joined graph multiply by it.
    const weight = Math.fround(weightOf(place, blocks))
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
