import { listControlParameters } from '../control/control-parameters.ts'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import type { ModelIndex } from '../../models/model-index.ts'
import { listHyperTileParameters, listSecondHyperTile } from '../generation/hyper-tile.ts'
import { settleHiresSampling } from '../generation/hires-plan.ts'
import { listHiresParameters } from './hires-parameters.ts'
import { listExtraNoise, listInpaintParameters, listSourceParameters } from './source-parameters.ts'
import type { Parameter } from './parameter.ts'
import { listTinyDecoder, listTinyEncoder } from '../generation/tiny-autoencoder.ts'
import { findLoras } from '../generation/to-loras.ts'
import { listLoraParameters } from './lora-parameters.ts'
import { listRefinerParameters, listRefinerSwitch } from './refiner-parameters.ts'
import {
  listGuidanceParameters,
  listSamplingParameters,
  listScheduleParameters,
} from './sampling-parameters.ts'
import { listSoftInpaintingParameters } from './soft-inpainting.ts'
import { listEmbeddingHashes, listEmphasis } from './text-parameters.ts'

/** The parameters beside the fixed ones, in the order in which A1111 comes upon them. */
export function listParameters(plan: GenerationPlan, models: ModelIndex): Parameter[] {
  const guidance = listGuidanceParameters(plan)
  const loras = listLoraParameters(plan, models)
  // A second pass that is the first with LoRAs tells them when it begins.
  const isFirst = findLoras(plan, models).length > 0
  return [
    ...plan.scriptParameters,
    ...listHyperTileParameters(plan),
    ...(plan.isImageToImage ? listSoftInpaintingParameters(plan) : []),
    ...listControlParameters(plan),
    ...(plan.isImageToImage ? listInpaintParameters(plan) : listHiresParameters(plan, models)),
    ...(plan.isImageToImage ? listTinyEncoder(plan) : []),
    ...(isFirst ? loras : []),
    ...listEmbeddingHashes(plan, models),
    ...listEmphasis(plan),
    ...(plan.isImageToImage ? listSourceParameters(plan) : []),
    ...listScheduleParameters(plan),
    ...listOfBothPasses(plan),
    ...listRefinerSwitch(plan),
    // These stand next to each other: a run tells those it came upon.
    ...guidance.skipped,
    ...listRefinerParameters(plan, models),
    ...guidance.padded,
    ...(plan.isImageToImage ? [] : listTinyEncoder(plan)),
    ...(isFirst ? [] : loras),
    ...(plan.isImageToImage ? [] : listSecondHyperTile(plan)),
    ...(!plan.isImageToImage && plan.request.flag('enable_hr') ? listExtraNoise(plan.options) : []),
    ...listTinyDecoder(plan),
  ]
}

/** What the sampler adds, and what that of the second pass adds to it. */
function listOfBothPasses(plan: GenerationPlan): Parameter[] {
  const first = listSamplingParameters(plan)
  if (plan.isImageToImage || !plan.request.flag('enable_hr')) return first
  const second = listSamplingParameters({ ...plan, sampling: settleHiresSampling(plan) })
  return [...first, ...second.filter(({ key }) => !first.some((one) => one.key === key))]
}
