import { joinRows, scale, sliceRows, combine } from '../denoise/combine.ts'
import type { ControlMoment, NetworkInputs, RowControls } from '../denoise/guidance.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { ControlNetwork, Residuals } from './control-network.ts'
import type { PlaceWeight } from './mode-weights.ts'

/** A network with its hint, strength and window, as one conditioning is guided by it. */
export interface ControlUnit {
  readonly network: ControlNetwork
  /** One hint for all images, or one for each, [count, channels, height, width], 0 to 1. */
  readonly hint: Tensor
  readonly weightOf: PlaceWeight
  readonly isActive: (moment: ControlMoment) => boolean
  /** Kind of hint, for a union network. */
  readonly unionType?: number | undefined
}

/** Joins units to what guides a conditioning: what they add is summed. */
export function createRowControls(units: readonly ControlUnit[]): RowControls {
  const constants = new Map<ControlUnit, Promise<Residuals>>()
  return {
    async evaluate(inputs, moment) {
      let sum: Record<string, Tensor> | undefined
      for (const unit of units) {
        if (!unit.isActive(moment)) continue
        const residuals = unit.network.isConstant
          ? await evaluateConstant(unit, { inputs, moment, constants })
          : await unit.network.evaluate(inputs, pickRows(unit.hint, moment.images), unit.unionType)
        sum = addResiduals(sum, weigh(residuals, unit.weightOf))
      }
      return sum
    },
  }
}

/** Features of an adapter: made once for every hint, then given to each row. */
async function evaluateConstant(
  unit: ControlUnit,
  {
    inputs,
    moment,
    constants,
  }: { inputs: NetworkInputs; moment: ControlMoment; constants: Map<ControlUnit, Promise<Residuals>> },
): Promise<Residuals> {
  let made = constants.get(unit)
  if (made === undefined) {
    made = unit.network.evaluate(inputs, unit.hint)
    constants.set(unit, made)
  }
  return mapPlaces(await made, (_, value) => pickRows(value, moment.images))
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
