import { inSpan } from '@atelier/telemetry'
import type { Tensor } from '../tensor/tensor.ts'
import type { SamplingPlan } from './plan.ts'
import type { Denoiser, SamplerNoise, SamplerOptions, StepReport } from './sampler.ts'

/** What a sampling run needs beside its plan. */
export interface SamplingInputs {
  readonly plan: SamplingPlan
  readonly denoise: Denoiser
  readonly noise: SamplerNoise
  /** Unit noise the run starts from. */
  readonly startNoise: Tensor
  /** Latent of image to image; absent: from noise alone. */
  readonly source?: Tensor | undefined
  readonly options: SamplerOptions
  /** Whether to stop; asked before each evaluation. */
  readonly isStopped: () => boolean
  readonly onStep: (report: StepReport) => Promise<void>
}

/** The latent a run ended with, and whether it was stopped before its last step. */
export interface SamplingResult {
  readonly latent: Tensor
  readonly isStopped: boolean
}

/** Runs a plan. A run that is stopped ends with the last clean latent it predicted, as A1111's does. */
export async function runSampling(inputs: SamplingInputs): Promise<SamplingResult> {
  const attributes = {
    'atelier.steps': Math.max(0, inputs.plan.sigmas.length - 1),
    'atelier.latent.shape': inputs.startNoise.shape.join('x'),
  }
  return inSpan('denoise', attributes, () => sample(inputs))
}

async function sample(inputs: SamplingInputs): Promise<SamplingResult> {
  const { plan, source, options, noise } = inputs
  const start = plan.begin(inputs.startNoise, source)
  // Without sigmas nothing is noised; with one alone what was noised is left as it is (ComfyUI, A1111's DDIM).
  if (plan.sigmas.length === 0) return { latent: plan.end(source ?? start), isStopped: false }
  if (plan.sigmas.length === 1) return { latent: plan.end(start), isStopped: false }
  let last = start
  const stop = new Stopped()
  const denoise: Denoiser = async (latent, sigma) => {
    if (inputs.isStopped()) throw stop
    const denoised = await inputs.denoise(latent, sigma)
    last = denoised.latent
    return denoised
  }
  try {
    const latent = await plan.sampler(start, {
      denoise,
      sigmas: plan.sigmas,
      noise,
      options,
      flow: plan.flow,
      onStep: inputs.onStep,
    })
    return { latent: plan.end(latent), isStopped: false }
  } catch (error) {
    if (error !== stop) throw error
    return { latent: last, isStopped: true }
  }
}

class Stopped extends Error {
  override readonly name = 'Stopped'
}
