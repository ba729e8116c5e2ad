import type { ModelSampling } from './model-sampling.ts'
import { linspaceDouble } from './schedules/schedule.ts'
import type { UniPcSettings } from './webui-sampling.ts'

// UniPC's own time runs from 1/1000 (first timestep) to 1 (last), its log-alpha linear between timesteps.

/** Sigma at a time. */
export function sigmaOfTime(model: ModelSampling, time: number): number {
  const alpha = Math.exp(logAlphaAt(model, time))
  return Math.sqrt(1 - alpha ** 2) / alpha
}

/** `steps` + 1 times from `from` down to 1/1000. */
export function listUniPcTimes(
  model: ModelSampling,
  { from, steps, skipType }: { from: number; steps: number; skipType: UniPcSettings['skipType'] },
): number[] {
  const end = 1 / model.sigmas.length
  if (skipType === 'time_uniform') return linspaceDouble(from, end, steps + 1)
  if (skipType === 'time_quadratic')
    return linspaceDouble(Math.sqrt(from), Math.sqrt(end), steps + 1).map((root) => root ** 2)
  const lambdaOf = (time: number) => -Math.log(sigmaOfTime(model, time))
  return linspaceDouble(lambdaOf(from), lambdaOf(end), steps + 1).map((lambda) => timeOfLambda(model, lambda))
}

/** ln of the root of alpha-bar at table entry `index`. */
function logAlpha({ sigmas }: ModelSampling, index: number): number {
  return -0.5 * Math.log(sigmas[index]! ** 2 + 1)
}

function logAlphaAt(model: ModelSampling, time: number): number {
  const last = model.sigmas.length - 1
  const at = time * model.sigmas.length - 1
  const low = Math.min(Math.max(Math.floor(at), 0), last - 1)
  const share = at - low
  return (1 - share) * logAlpha(model, low) + share * logAlpha(model, low + 1)
}

/** The time with that half log signal-to-noise ratio. */
function timeOfLambda(model: ModelSampling, lambda: number): number {
  const wanted = -0.5 * Math.log1p(Math.exp(-2 * lambda))
  let [low, high] = [0, model.sigmas.length - 1]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (logAlpha(model, middle) >= wanted) low = middle
    else high = middle
  }
  const share = (logAlpha(model, low) - wanted) / (logAlpha(model, low) - logAlpha(model, low + 1))
  return (low + share + 1) / model.sigmas.length
}
