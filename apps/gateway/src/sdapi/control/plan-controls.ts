import type { Preprocessor } from '@atelier/catalog'
import type { ExactObject, ExactValue } from '@atelier/catalog/exact-json'
import type { ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { pythonException } from '../errors.ts'
import { optionNumber, type Options } from '../options/options-store.ts'
import type { GenerationRequest } from '../request/generation-request.ts'
import { toStem } from '../generation/resolve-checkpoint.ts'
import { findControlModel, toControlTitle } from './control-models.ts'
import { findPreprocessorFiles, whyMissing, type PreprocessorFiles } from './preprocessor-files.ts'
import { readUnits, type UnitRequest } from './read-units.ts'

/** Why the extension leaves a request ungoverned: it notes the reason in its log and the pictures are made without. */
export class UnitFault extends Error {
  override readonly name = 'UnitFault'
}

/** A unit that is to act. */
export interface PlannedUnit {
  readonly values: ExactObject
  readonly preprocessor: Preprocessor
  /** The preprocessor's networks, where it has some. */
  readonly files: PreprocessorFiles
  /** Absent for preprocessors that act without one. */
  readonly model: ModelFile | undefined
  readonly weight: number
}

/** What the ControlNet extension makes of a request. */
export interface ControlPlan {
  /** The enabled units as they were asked for; infotexts tell of them. */
  readonly asked: readonly UnitRequest[]
  /** Those that act: all of them, or none where one has a fault. */
  readonly acting: readonly PlannedUnit[]
  /** Why none acts. */
  readonly fault?: string
}

/** What units are planned with. */
export interface ControlInputs {
  readonly models: ModelIndex
  readonly options: Options
  readonly checkpoint: ModelFile
  readonly isImageToImage: boolean
}

/**
 * Settles the units of a request.
 * @throws ApiError for a unit that is wrong, a ControlNet of another family, a preprocessor that is not there
 */
export function planControls(request: GenerationRequest, inputs: ControlInputs): ControlPlan {
  const asked = readUnits(request, optionNumber(inputs.options, 'control_net_unit_count', 3))
  try {
    return { asked, acting: asked.flatMap(unfold).map((unit) => planUnit(unit, inputs)) }
  } catch (error) {
    if (error instanceof UnitFault) return { asked, acting: [], fault: error.message }
    throw error
  }
}

/** A unit that merges several pictures is one unit for each, its weight shared. */
function unfold(unit: UnitRequest): UnitRequest[] {
  const image = unit.values.get('image')
  if (unit.values.get('input_mode') !== 'merge') return [unit]
  if (!Array.isArray(image)) throw new UnitFault('a unit that merges takes a list of images')
  const weight = Number(unit.values.get('weight')) / image.length
  return image.map((one) => ({
    ...unit,
    values: new Map<string, ExactValue>([...unit.values, ['image', [one]], ['weight', weight]]),
  }))
}

function planUnit({ values, preprocessor }: UnitRequest, inputs: ControlInputs): PlannedUnit {
  const reason = whyMissing(preprocessor, inputs.models)
  if (reason !== undefined)
    throw pythonException('NotImplementedError', `preprocessor ${preprocessor.label}: ${reason}`)
  if (preprocessor.isModelFree && (values.get('effective_region_mask') ?? null) !== null)
    throw new UnitFault('`effective_region_mask` not supported for ControlModelType.AttentionInjection')
  const model = preprocessor.isModelFree ? undefined : findNetwork(String(values.get('model')), inputs)
  if (!inputs.isImageToImage && (values.get('image') ?? null) === null)
    throw new UnitFault('controlnet is enabled but no input image is given')
  const files = findPreprocessorFiles(inputs.models, preprocessor)
  return { values, preprocessor, files, model, weight: Number(values.get('weight')) }
}

function findNetwork(name: string, { models, checkpoint }: ControlInputs): ModelFile {
  if (name === 'None') throw new UnitFault('You have not selected any ControlNet Model.')
  const model = findControlModel(models, name)
  if (model === undefined) throw new UnitFault(`model not found: ${name}`)
  checkFamily(model, checkpoint)
  return model
}

/** ControlNets are made for one family: the width of its contexts tells, and whether it has labels. */
function checkFamily(model: ModelFile, checkpoint: ModelFile): void {
  const isOtherWidth =
    model.embeddingWidth > 0 &&
    checkpoint.embeddingWidth > 0 &&
    model.embeddingWidth !== checkpoint.embeddingWidth
  const isXl = checkpoint.family.startsWith('sdxl')
  const isOtherKind = model.family !== '' && checkpoint.family !== '' && (model.family === 'sdxl') !== isXl
  if (!isOtherWidth && !isOtherKind) return
  const reason =
    model.embeddingWidth > 0
      ? `its contexts are ${model.embeddingWidth} wide, those of ${toStem(checkpoint)} ${checkpoint.embeddingWidth}`
      : `it is made for ${model.family === 'sdxl' ? 'SDXL' : 'SD1 and SD2'}`
  throw pythonException(
    'Exception',
    `ControlNet model ${toControlTitle(model)}(${toVersion(model.family)}) is not compatible with ` +
      `sd model(${toVersion(checkpoint.family)}): ${reason}`,
  )
}

const VERSIONS: Readonly<Record<string, string>> = { sd1: 'SD1x', sd2: 'SD2x', sdxl: 'SDXL' }

function toVersion(family: string): string {
  return `StableDiffusionVersion.${VERSIONS[family] ?? 'UNKNOWN'}`
}
