import { ControlMode as JobControlMode } from '@atelier/proto'
import { weighBy, weighByMode, type ControlMode } from '../../control/mode-weights.ts'
import type { ControlNetwork } from '../../control/control-network.ts'
import type { ControlUnit } from '../../control/control-unit.ts'
import { createRowControls, type AdjustPrediction } from '../../control/row-controls.ts'
import type { BatchConditioning, RowControls, WeightedContext } from '../../denoise/guidance.ts'
import type { Batch, Generation } from '../generation.ts'
import { listAdjustments } from './adjust-prediction.ts'
import { actsIn, type PreparedUnit } from './prepare-controls.ts'
import { openReference, tellReferences, type Reference } from './references.ts'

/** How far a run is, in A1111's count: steps whose first evaluation has been told, and how many there are. */
export interface PassProgress {
  stepsTold: number
  readonly totalSteps: number
}

/** What guides the two halves of a pass's conditioning. */
export interface PassControls {
  readonly positive: RowControls | undefined
  readonly negative: RowControls | undefined
  /** Pictures their rows are told of; whoever calls the network shows them to it. */
  readonly references: readonly Reference[]
}

const MODES: Readonly<Record<number, ControlMode>> = {
  [JobControlMode.CONTROL_MODE_PROMPT]: 'prompt',
  [JobControlMode.CONTROL_MODE_CONTROL]: 'control',
}
/** Preprocessors whose controls are softer in a second pass. */
const SOFT_IN_SECOND = /canny|mlsd/

/** Joins the units of a job that act in a pass. */
export async function guidePass(
  generation: Generation,
  { batch, isSecond }: { readonly batch: Batch; readonly isSecond: boolean },
  progress: PassProgress,
): Promise<PassControls> {
  if (generation.controls.length === 0) return { positive: undefined, negative: undefined, references: [] }
  const units = generation.controls.filter(({ unit }) => actsIn(unit, generation.job, isSecond))
  const halves = await joinUnits(generation, units, { isSecond, progress })
  const references = await Promise.all(
    units
      .filter(({ network }) => network === undefined)
      .map((one) => openReference(generation, one, { isSecond, isActive: isActiveIn(one.unit, progress) })),
  )
  if (references.length === 0) return { ...halves, references }
  return {
    positive: tellReferences(halves.positive, references, { generation, batch, half: 'conditional' }),
    negative: tellReferences(halves.negative, references, { generation, batch, half: 'unconditional' }),
    references,
  }
}

async function joinUnits(
  generation: Generation,
  units: readonly PreparedUnit[],
  { isSecond, progress }: { readonly isSecond: boolean; readonly progress: PassProgress },
): Promise<{ readonly positive: RowControls; readonly negative: RowControls }> {
  const adjustments = await listAdjustments(generation, isSecond)
  const settled = units.flatMap((unit) =>
    unit.network === undefined ? [] : [settleUnit(unit, unit.network, { isSecond, progress })],
  )
  const positive = createRowControls(
    settled.map(({ control }) => control),
    chain(adjustments.map(({ conditional }) => conditional)),
  )
  const isSame =
    settled.every(({ actsOnBoth }) => actsOnBoth) &&
    adjustments.every(({ conditional, unconditional }) => conditional === unconditional)
  if (isSame) return { positive, negative: positive }
  const negative = createRowControls(
    settled.filter(({ actsOnBoth }) => actsOnBoth).map(({ control }) => control),
    chain(adjustments.map(({ unconditional }) => unconditional)),
  )
  return { positive, negative }
}

/** A conditioning with controls on each half. */
export function guideConditioning(
  { positive, negative }: BatchConditioning,
  controls: Pick<PassControls, 'positive' | 'negative'>,
): BatchConditioning {
  const guide = (images: BatchConditioning['positive'], own: RowControls | undefined) =>
    own === undefined
      ? images
      : images.map((contexts) => contexts.map((context): WeightedContext => ({ ...context, controls: own })))
  return { positive: guide(positive, controls.positive), negative: guide(negative, controls.negative) }
}

function settleUnit(
  { unit, first, second, region, module }: PreparedUnit,
  network: ControlNetwork,
  { isSecond, progress }: { readonly isSecond: boolean; readonly progress: PassProgress },
): { control: ControlUnit; actsOnBoth: boolean } {
  const mode = MODES[unit.mode] ?? 'balanced'
  const isSoftened = mode === 'balanced' && isSecond && SOFT_IN_SECOND.test(module)
  const { weightOf, actsOnBoth } = weighByMode(isSoftened ? 'prompt' : mode, unit.weight)
  const { hint } = isSecond && second !== undefined ? second : first
  const control: ControlUnit = {
    network,
    hintFor: () => hint,
    weightOf: unit.placeWeights.length > 0 ? weighBy(unit.placeWeights) : weightOf,
    isActive: isActiveIn(unit, progress),
    unionType: unit.unionType,
    region,
  }
  return { control, actsOnBoth: actsOnBoth && !network.poolsGlobally }
}

function isActiveIn({ start, end }: PreparedUnit['unit'], progress: PassProgress): () => boolean {
  return () => {
    const share = Math.max(progress.stepsTold - 1, 0) / Math.max(progress.totalSteps, 1)
    return share >= start && share <= end
  }
}

function chain(adjustments: readonly AdjustPrediction[]): AdjustPrediction | undefined {
  if (adjustments.length === 0) return undefined
  return (prediction, inputs) => adjustments.reduce((changed, adjust) => adjust(changed, inputs), prediction)
}
