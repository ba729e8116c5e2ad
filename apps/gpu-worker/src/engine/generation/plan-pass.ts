import type { SamplingSettings } from '@atelier/proto'
import { changeSchedule } from '../denoise/model-sampling.ts'
import { ImageNoise } from '../denoise/noise/image-noise.ts'
import { planWebui, toWebuiSamplerOptions } from '../denoise/plan-webui.ts'
import type { SamplingPlan } from '../denoise/plan.ts'
import type { SamplerOptions } from '../denoise/sampler.ts'
import type { WebuiExtras } from '../denoise/webui-extras.ts'
import { toNoiseKind } from '../generation-settings.ts'
import type { Batch, Generation } from './generation.ts'
import { LATENT_PIXELS } from './latent-size.ts'
import type { Pass } from './pass.ts'

/** Sigmas, times and what else a pass's sampler needs of them. */
export function planPass({ settings, start, checkpoint }: Pass, extras: WebuiExtras): SamplingPlan {
  return planWebui({
    ...extras.sampling,
    sampler: settings.sampler,
    schedule: settings.schedule,
    steps: settings.steps,
    strength: start?.strength,
    runsAllSteps: start?.runsAllSteps ?? false,
    sigmaMin: settings.sigmaMin,
    sigmaMax: settings.sigmaMax,
    rho: settings.rho,
    alwaysDiscardsPenultimate: settings.alwaysDiscardPenultimate,
    isSdxl: checkpoint.model.family === 'sdxl',
    ownScheduler: checkpoint.model.scheduler,
    model: changeSchedule(checkpoint.model.sampling, extras.schedule),
  })
}

/** A sampler's options of a request. */
export function toOptions(settings: SamplingSettings): SamplerOptions {
  return toWebuiSamplerOptions(settings.sampler, {
    eta: settings.eta,
    sNoise: settings.sNoise ?? 1,
    sChurn: settings.sChurn,
    sTmin: settings.sTmin,
    sTmax: settings.sTmax || Infinity,
  })
}

/** Noise of each image of a batch, in the size of a pass's latent, [channels, height, width]. */
export function createPassNoise(
  { job }: Generation,
  { images }: Batch,
  shape: readonly [number, number, number],
): ImageNoise {
  const { seedResizeHeight = 0, seedResizeWidth = 0, subseedStrength = 0, etaSeedDelta = 0 } = job.noise ?? {}
  const isResized = seedResizeHeight > 0 && seedResizeWidth > 0
  const toLatent = (size: number) => Math.floor(size / LATENT_PIXELS)
  return new ImageNoise({
    kind: toNoiseKind(job.noise),
    shape,
    seeds: images.map(({ seed }) => seed),
    subseeds: images.map(({ subseed }) => subseed),
    subseedStrength,
    ...(isResized
      ? { resizeFrom: { height: toLatent(seedResizeHeight), width: toLatent(seedResizeWidth) } }
      : {}),
    etaSeedDelta: BigInt(etaSeedDelta),
  })
}
