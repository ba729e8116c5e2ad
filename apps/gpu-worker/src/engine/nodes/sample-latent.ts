import { guideByScale } from '../denoise/composition/guiders.ts'
import { planComfy, type ComfySampling } from '../denoise/plan-comfy.ts'
import type { ConditioningValue, LatentValue, ModelValue, NodeContext } from '../node-graph/node-context.ts'
import { describeModel } from './describe-model.ts'
import { sampleCustom } from './sample-custom.ts'

/** One sampling as the KSampler nodes ask for it. */
export interface LatentSampling {
  readonly model: ModelValue
  readonly seed: bigint
  readonly guidanceScale: number
  readonly positive: ConditioningValue
  readonly negative: ConditioningValue
  readonly latent: LatentValue
  readonly sampling: Omit<ComfySampling, 'model'>
  /** Whether noise is added at the start. */
  readonly addsNoise: boolean
}

/** Samples a latent by ComfyUI's rules over a schedule, telling each step. */
export async function sampleLatent(request: LatentSampling, context: NodeContext): Promise<LatentValue> {
  const { model, positive, negative, guidanceScale, latent } = request
  const { sampling } = await describeModel(model, context)
  const { output } = await sampleCustom(
    {
      guider: { model, conditionings: { positive, negative }, rule: guideByScale(guidanceScale) },
      sampler: { sampler: request.sampling.sampler },
      sigmas: planComfy({ ...request.sampling, model: sampling }).sigmas,
      noise: { seed: request.seed, isSilent: !request.addsNoise },
      latent,
    },
    context,
  )
  return output
}
