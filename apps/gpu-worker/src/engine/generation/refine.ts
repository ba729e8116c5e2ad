import { RefinerPasses, type Refiner } from '@atelier/proto'
import type { SamplingPlan } from '../denoise/plan.ts'
import type { Denoiser } from '../denoise/sampler.ts'
import type { Generation } from './generation.ts'
import type { Pass } from './pass.ts'

/** The largest timestep, and the number of them. */
const LAST_TIMESTEP = 999
const TIMESTEPS = 1000

/** A refiner's switch. */
export interface Refinement {
  readonly refiner: Refiner
  readonly plan: Pick<SamplingPlan, 'keepsNoise' | 'timestepOf'>
  /** Those the first model was trained at, ascending. */
  readonly sigmas: ArrayLike<number>
  /** Evaluations of the whole run. */
  readonly totalCalls: number
  /** Makes the refiner's denoiser, which goes on after so many evaluations. */
  readonly takeOver: (calls: number) => Promise<Denoiser>
}

/**
 * The refiner that acts in a pass, if any: another file than the pass's checkpoint, a copy of it too, in a pass it is
 * meant for.
 */
export function findRefiner({ job }: Generation, { isSecond }: Pick<Pass, 'isSecond'>): Refiner | undefined {
  const { refiner, hires } = job
  const own = (isSecond ? hires?.checkpoint : undefined) ?? job.checkpoint
  const isOwn = refiner?.checkpoint?.name === own?.name && refiner?.checkpoint?.identity === own?.identity
  if (refiner?.checkpoint === undefined || isOwn) return undefined
  if (hires === undefined) return refiner
  const passes = refiner.passes || RefinerPasses.REFINER_PASSES_SECOND
  const isMeant =
    passes === RefinerPasses.REFINER_PASSES_BOTH ||
    (passes === RefinerPasses.REFINER_PASSES_SECOND) === isSecond
  return isMeant ? refiner : undefined
}

/** A denoiser that is replaced by the refiner's once the share of the way is done, asked before each evaluation. */
export function refineDenoiser(base: Denoiser, refinement: Refinement): Denoiser {
  let [calls, present, isRefined] = [0, base, false]
  return async (latent, sigma) => {
    if (!isRefined && shareDone(refinement, { calls, sigma }) >= refinement.refiner.switchAt) {
      present = await refinement.takeOver(calls)
      isRefined = true
    }
    calls += 1
    return present(latent, sigma)
  }
}

function shareDone(
  { refiner, plan, sigmas, totalCalls }: Refinement,
  at: { calls: number; sigma: number },
): number {
  if (refiner.bySteps) return at.calls / Math.max(totalCalls, 1)
  const timestep =
    plan.keepsNoise === true ? Math.trunc(plan.timestepOf(at.sigma)) : findNearest(sigmas, at.sigma)
  return (LAST_TIMESTEP - timestep) / TIMESTEPS
}

function findNearest(sigmas: ArrayLike<number>, sigma: number): number {
  let nearest = 0
  for (let i = 1; i < sigmas.length; i += 1)
    if (Math.abs(sigmas[i]! - sigma) < Math.abs(sigmas[nearest]! - sigma)) nearest = i
  return nearest
}
