import { ControlPasses, type ControlUnit, type GenerationJob, type ResizeMode } from '@atelier/proto'
import type { ControlNetwork } from '../../control/control-network.ts'
import { fitMap } from '../../control/fit-map.ts'
import { choosePixelPerfect } from '../../control/pixel-perfect.ts'
import { runPreprocessor } from '../../control/preprocess/run-preprocessor.ts'
import { showMap } from '../../control/show-map.ts'
import { toHint } from '../../control/to-hint.ts'
import { flattenOnWhite } from '../../control/preprocess/working-picture.ts'
import { EngineError } from '../../engine-error.ts'
import type { Pixels } from '../../image/pixels.ts'
import { toFloats, type Raster, type Size } from '../../opencv/raster.ts'
import { readImage } from '../../source-image/read-image.ts'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { LATENT_PIXELS } from '../latent-size.ts'
import type { HeldModels } from '../held-models.ts'
import { chooseInput, isInpaintModule, readInput, type JobInputs } from './choose-input.ts'
import { isReference } from './reference-module.ts'

/** A unit's control picture at the size of a pass, and as its network takes it. */
export interface PassMap {
  readonly map: Raster
  /** [1, channels, height, width], as a rule 0 to 1. */
  readonly hint: Tensor
}

/** A unit that is ready to act. */
export interface PreparedUnit {
  readonly unit: ControlUnit
  /** The preprocessor that was used in the end. */
  readonly module: string
  /** Absent for a picture that is referred to. */
  readonly network: ControlNetwork | undefined
  readonly first: PassMap
  /** Absent without a second pass. */
  readonly second: PassMap | undefined
  readonly region: Tensor | undefined
}

/**
 * Opens a job's controls: networks, and pictures for each pass.
 * @throws EngineError for pictures that cannot be read, CheckpointError for files that cannot
 */
export async function prepareControls(
  job: GenerationJob,
  { models, inputs }: { models: HeldModels; inputs: JobInputs },
): Promise<PreparedUnit[]> {
  const prepared: PreparedUnit[] = []
  for (const unit of job.controls) {
    const network = await openNetwork(unit, job, models)
    prepared.push(await prepareUnit(unit, job, { network, inputs, models }))
  }
  return prepared
}

async function openNetwork(
  { model, preprocessing }: ControlUnit,
  job: GenerationJob,
  models: HeldModels,
): Promise<ControlNetwork | undefined> {
  if (isReference(preprocessing?.module ?? '')) return undefined
  if (model === undefined) throw new EngineError('invalid-request', 'a control lacks its network')
  return models.control(model, job.checkpoint)
}

/** The control pictures that follow the finished ones: of each unit the second pass's, then the first one's. */
export function listMaps(units: readonly PreparedUnit[]): Pixels[] {
  return units
    .filter(({ unit }) => unit.keepMap)
    .flatMap(({ first, second }) => (second === undefined ? [first] : [second, first]))
    .map(({ map }) => showMap(map))
}

/** Whether a unit acts in a pass; without a second one every unit acts in the first. */
export function actsIn({ passes }: ControlUnit, { hires }: GenerationJob, isSecond: boolean): boolean {
  if (hires === undefined || passes === ControlPasses.CONTROL_PASSES_UNSPECIFIED) return true
  return (passes === ControlPasses.CONTROL_PASSES_SECOND) === isSecond
}

async function prepareUnit(
  unit: ControlUnit,
  job: GenerationJob,
  { network, inputs, models }: { network: ControlNetwork | undefined; inputs: JobInputs; models: HeldModels },
): Promise<PreparedUnit> {
  const module = settleModule(unit.preprocessing?.module ?? 'none', job)
  const { picture, mode } = await chooseInput(unit, job, inputs)
  const size = toWholeSize(job)
  const { network: file, detector } = unit.preprocessing ?? {}
  const preprocessor = { module, network: file, detector }
  const settings = {
    resolution: unit.pixelPerfect
      ? choosePixelPerfect(picture, size, mode)
      : (unit.preprocessing?.resolution ?? 0),
    thresholdA: unit.preprocessing?.thresholdA ?? 0,
    thresholdB: unit.preprocessing?.thresholdB ?? 0,
    seed: unit.preprocessing?.seed ?? 0,
  }
  const made = await runPreprocessor(picture, preprocessor, settings, models)
  const fit = (target: Size): PassMap => fitTo(made, target, { module, mode, network })
  return {
    ...{ unit, module, network },
    first: fit(size),
    second: job.hires && fit(toSecondSize(job.hires)),
    region: unit.region && (await readRegion(readInput(inputs, unit.region.key))),
  }
}

/** Inpainting twice would composite twice: with a mask of the job's own the other preprocessor is used. */
function settleModule(module: string, { source }: GenerationJob): string {
  return module === 'inpaint_only' && source?.mask?.image !== undefined ? 'inpaint' : module
}

function toWholeSize({ width, height }: Size): Size {
  const [columns, rows] = [width, height].map((side) => Math.floor(side / LATENT_PIXELS) * LATENT_PIXELS)
  return { width: columns!, height: rows! }
}

function toSecondSize(hires: NonNullable<GenerationJob['hires']>): Size {
  const { width, height } = toWholeSize(hires)
  return {
    width: width - hires.cropColumns * LATENT_PIXELS,
    height: height - hires.cropRows * LATENT_PIXELS,
  }
}

function fitTo(
  made: Pixels,
  size: Size,
  { module, mode, network }: { module: string; mode: ResizeMode; network: ControlNetwork | undefined },
): PassMap {
  const isInpainting = isInpaintModule(module)
  const source: Raster = isInpainting ? toFloats(made) : flattenOnWhite(made)
  const map = fitMap(source, size, mode)
  return { map, hint: toHint(map, network?.hintMultiple ?? 1) }
}

/** The first channel of a picture as factors [1, 1, height, width], 0 to 1. */
async function readRegion(bytes: Uint8Array): Promise<Tensor> {
  const { width, height, channels, data } = await readImage(bytes)
  const factors = Float32Array.from({ length: width * height }, (_, i) => data[channels * i]! / 255)
  return createTensor([1, 1, height, width], factors)
}
