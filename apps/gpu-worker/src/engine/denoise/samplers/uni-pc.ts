import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { combine, scale, type Term } from '../combine.ts'
import type { Sampler, SamplerRun } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { solveLinear } from './solve-linear.ts'

/** What a unified predictor-corrector may be made with. */
export interface UniPcOptions {
  /** The step function B(h): h itself, or e^h - 1. */
  readonly variant: 'bh1' | 'bh2'
  /** Highest order, from 1. */
  readonly order: number
  /** The last steps fall back to lower orders. */
  readonly lowersLastOrders: boolean
}

/** ComfyUI's UniPC: a final sigma of 0 is brought to 0.001. */
export const uniPc: Sampler = (start, run) => solveComfy(start, run, 'bh1')

/** The same with the other step function. */
export const uniPcBh2: Sampler = (start, run) => solveComfy(start, run, 'bh2')

/** UniPC with data prediction over the run's sigmas, all positive (Zhao et al. 2023, arXiv 2302.04867). */
export function createUniPc(options: UniPcOptions): Sampler {
  return (start, run) => solve(start, run, options)
}

/** Stands for a last sigma of zero, whose logarithm there is none of. */
export const NEARLY_ZERO = 0.001

async function solveComfy(start: Tensor, run: SamplerRun, variant: UniPcOptions['variant']): Promise<Tensor> {
  const last = run.sigmas.at(-1)! > 0 ? run.sigmas.at(-1)! : NEARLY_ZERO
  const sigmas = [...run.sigmas.slice(0, -1), last]
  const order = Math.min(3, sigmas.length - 2)
  if (order > 0) return solve(start, { ...run, sigmas }, { variant, order, lowersLastOrders: true })
  // A single step evaluates and goes nowhere; only the change of variance is left.
  await beginStep(run, 0, start)
  return scale(Math.sqrt((1 + last ** 2) / (1 + sigmas[0]! ** 2)), start)
}

interface Known {
  readonly lambda: number
  readonly sigma: number
  readonly clean: Tensor
}

async function solve(start: Tensor, run: SamplerRun, options: UniPcOptions): Promise<Tensor> {
  const { sigmas } = run
  const count = sigmas.length - 1
  const know = async (index: number, x: Tensor): Promise<Known> => {
    const { latent } = await beginStep(run, index, x)
    const clean = throughNoise(x, sigmas[index]!, latent)
    return { lambda: -Math.log(sigmas[index]!), sigma: sigmas[index]!, clean }
  }
  let x = start
  let known = [await know(0, x)]
  for (let step = 1; step <= count; step += 1) {
    const remaining = options.lowersLastOrders ? count + 1 - step : options.order
    const order = step < options.order ? step : Math.min(options.order, remaining)
    const update = prepareUpdate(x, known.slice(0, order), { sigma: sigmas[step]!, variant: options.variant })
    const predicted = update.predict()
    if (step === count) return predicted
    const reached = await know(step, predicted)
    x = update.correct(reached.clean)
    known = [reached, ...known].slice(0, options.order)
  }
  return x
}

const f32 = Math.fround

/**
 * The clean latent by way of the noise prediction in unit variance, rounded as the originals round it: from the sigmas
 * of zero terminal SNR this loses four digits.
 */
function throughNoise(x: Tensor, sigma: number, clean: Tensor): Tensor {
  const s = f32(sigma)
  const variance = f32(f32(s * s) + 1)
  const root = f32(Math.sqrt(variance))
  const logAlpha = f32(0.5 * f32(Math.log(f32(1 / variance))))
  const alpha = f32(Math.exp(logAlpha))
  const deviation = f32(Math.sqrt(f32(1 - f32(Math.exp(2 * logAlpha)))))
  const data = x.data.map((value, i) => {
    const unit = f32(value / root)
    const noise = f32(f32(f32(unit * root) - clean.data[i]!) / s)
    return f32(unit - f32(deviation * noise)) / alpha
  })
  return createTensor(x.shape, data)
}

/** One step to a sigma from the known points, newest first: their number is its order. */
function prepareUpdate(
  x: Tensor,
  known: readonly Known[],
  { sigma, variant }: { sigma: number; variant: UniPcOptions['variant'] },
): { predict(): Tensor; correct(clean: Tensor): Tensor } {
  const newest = known[0]!
  const order = known.length
  const h = -Math.log(sigma) - newest.lambda
  const phi = Math.expm1(-h)
  const b = variant === 'bh1' ? -h : phi
  const base = combine([sigma / newest.sigma, x], [-phi, newest.clean])
  const shares = known.slice(1).map(({ lambda }) => (lambda - newest.lambda) / h)
  const { rows, right } = buildSystem(h, b, [...shares, 1])
  const changes = (weights: readonly number[]): Term[] =>
    shares.flatMap((share, k): Term[] => [
      [(-b * weights[k]!) / share, known[k + 1]!.clean],
      [(b * weights[k]!) / share, newest.clean],
    ])
  return {
    predict() {
      if (order === 1) return base
      const inner = rows.slice(0, -1).map((row) => row.slice(0, -1))
      const weights = order === 2 ? [0.5] : solveLinear(inner, right.slice(0, -1))
      return combine([1, base], ...changes(weights))
    },
    correct(clean) {
      const weights = order === 1 ? [0.5] : solveLinear(rows, right)
      const last = weights.at(-1)!
      return combine([1, base], ...changes(weights), [-b * last, clean], [b * last, newest.clean])
    },
  }
}

/** The equations that the weights of the differences at those shares of the step satisfy. */
function buildSystem(h: number, b: number, shares: readonly number[]): { rows: number[][]; right: number[] } {
  const rows: number[][] = []
  const right: number[] = []
  let term = Math.expm1(-h) / -h - 1
  let factorial = 1
  for (let i = 1; i <= shares.length; i += 1) {
    rows.push(shares.map((share) => share ** (i - 1)))
    right.push((term * factorial) / b)
    factorial *= i + 1
    term = term / -h - 1 / factorial
  }
  return { rows, right }
}
