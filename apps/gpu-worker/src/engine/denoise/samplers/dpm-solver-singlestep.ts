import type { Tensor } from '../../tensor/tensor.ts'
import type { Term } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { dpmTerms, takeDpmStep, toDpmPrediction, type DpmAlgorithm } from './dpm-solver-terms.ts'

/** How a singlestep solver walks. */
export interface DpmSinglestepOptions {
  readonly algorithm: DpmAlgorithm
  readonly correction: 'midpoint' | 'heun'
  /** Order of each step: 1 begins a group, 2 and 3 go on from its start. */
  readonly orders: readonly number[]
}

interface Known {
  readonly sigma: number
  readonly value: Tensor
}

/** DPM-Solver++, singlestep (Lu et al. 2022, arXiv 2211.01095, algorithm 1): groups of steps from one start. */
export function createDpmSinglestep({ algorithm, correction, orders }: DpmSinglestepOptions): Sampler {
  return async (start, run) => {
    const { sigmas } = run
    let x = start
    let base = start
    let known: Known[] = []
    for (let i = 0; i + 1 < sigmas.length; i += 1) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const { latent: clean } = await beginStep(run, i, x)
      known = [{ sigma, value: toDpmPrediction(algorithm, x, sigma, clean) }, ...known].slice(0, 3)
      const noise = algorithm === 'sde-dpmsolver++' ? run.noise.next() : undefined
      const order = Math.min(orders[i] ?? 1, known.length)
      if (order === 1) base = x
      const from = known[order - 1]!
      const terms = dpmTerms(algorithm, from.sigma, next)
      const changes = correct(known.slice(0, order), { next, correction, terms })
      x = takeDpmStep([[terms.keep, base], [terms.first, from.value], ...changes], terms.spread, noise)
    }
    return x
  }
}

interface Correction {
  readonly next: number
  readonly correction: 'midpoint' | 'heun'
  readonly terms: ReturnType<typeof dpmTerms>
}

/** What the points inside a group, newest first, its start last, change in the step from that start. */
function correct(known: readonly Known[], { next, correction, terms }: Correction): Term[] {
  const first = known.at(-1)!
  const h = Math.log(first.sigma / next)
  const change = (point: Known, weight: number): Term[] => {
    const share = Math.log(first.sigma / point.sigma) / h
    return [
      [weight / share, point.value],
      [-weight / share, first.value],
    ]
  }
  if (known.length === 1) return []
  const [newest, middle] = known as [Known, Known]
  if (known.length === 2) return change(newest, correction === 'heun' ? terms.integrated : terms.midpoint)
  if (correction === 'midpoint') return change(newest, terms.integrated)
  const [late, early] = [newest, middle].map(({ sigma }) => Math.log(first.sigma / sigma) / h) as [
    number,
    number,
  ]
  const width = late - early
  return [
    ...change(middle, (terms.integrated * late - 2 * terms.second) / width),
    ...change(newest, (-terms.integrated * early + 2 * terms.second) / width),
  ]
}
