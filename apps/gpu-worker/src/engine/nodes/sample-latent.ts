import { createGuidedDenoiser, type WeightedContext } from '../denoise/guidance.ts'
import { prepareBatchNoise } from '../denoise/noise/batch-noise.ts'
import { createComfyNoise } from '../denoise/noise/sampler-noise.ts'
import { planComfy, type ComfySampling } from '../denoise/plan-comfy.ts'
import { runSampling } from '../denoise/run-sampling.ts'
import { combine } from '../denoise/combine.ts'
import { createKeepingDenoiser, fitMask, type KeptLatent } from '../denoise/keep-latent.ts'
import { toModelLatent, toVaeLatent } from '../models/latent-format.ts'
import { makePreview, wantsPreview } from '../preview/make-preview.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { ConditioningValue, LatentValue, ModelValue, NodeContext } from '../node-graph/node-context.ts'

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

/** Samples a latent by ComfyUI's rules, telling each step. */
export async function sampleLatent(request: LatentSampling, context: NodeContext): Promise<LatentValue> {
  const { latent, seed, guidanceScale } = request
  const { shape } = latent.samples
  const use = await context.models.useCheckpoint(request.model.checkpoint)
  try {
    const { model } = use.value
    const plan = planComfy({ ...request.sampling, model: model.sampling })
    const images = shape[0]!
    const conditioning = {
      positive: repeat(request.positive, images),
      negative: repeat(request.negative, images),
    }
    const startNoise = request.addsNoise
      ? prepareBatchNoise(seed, shape, latent.batchIndex)
      : createTensor(shape)
    const source = toModelLatent(latent.samples, model.latents)
    const denoise = createGuidedDenoiser({
      network: model.predict,
      conditioningAt: () => conditioning,
      guidanceScale,
      prediction: model.prediction,
      plan,
    })
    const result = await runSampling({
      plan,
      denoise: latent.noiseMask
        ? createKeepingDenoiser(denoise, keepOutside(latent.noiseMask, { source, startNoise, request }))
        : denoise,
      noise: createComfyNoise(seed, shape, plan.brownianRange),
      startNoise,
      source,
      options: { sNoise: 1, sChurn: 0, sTmin: 0, sTmax: Infinity, flavour: 'comfy' },
      isStopped: () => context.job.cancelled.aborted,
      onStep: async ({ step: calls, denoised }) => {
        const { preview } = context.job.job
        // Samplers that choose their steps themselves are shown against the steps asked for, and no further.
        const totalSteps = plan.sigmas.length - 1
        const step = Math.min(calls, totalSteps)
        // The picture comes before the step it shows, as ComfyUI sends them to clients that ask for metadata.
        if (wantsPreview(preview, step)) {
          const value = await makePreview(denoised, preview, { step, nodeId: context.nodeId })
          context.job.tell({ $case: 'previewReady', value })
        }
        context.advance(step, totalSteps)
        await new Promise((resolve) => setImmediate(resolve))
      },
    })
    return { ...latent, samples: toVaeLatent(result.latent, model.latents) }
  } finally {
    use.done()
  }
}

/** What a noise mask leaves alone: the source, noised in the network's input with the start noise. */
function keepOutside(
  mask: Tensor,
  { source, startNoise, request }: { source: Tensor; startNoise: Tensor; request: LatentSampling },
): KeptLatent {
  // ComfyUI's DDIM takes noise of the next seed.
  const isNextSeed = request.sampling.sampler === 'ddim'
  const noise = isNextSeed ? prepareBatchNoise(request.seed + 1n, source.shape) : startNoise
  return {
    mask: fitMask(mask, source.shape),
    source,
    noisedAt: (sigma) => combine([1, source], [sigma, noise]),
  }
}

/** The same conditioning for every image; several entries share the guidance evenly. */
function repeat(conditioning: ConditioningValue, images: number): WeightedContext[][] {
  const contexts = conditioning.map(({ tokens }) => ({ weight: 1 / conditioning.length, tokens }))
  return Array.from({ length: images }, () => contexts)
}
