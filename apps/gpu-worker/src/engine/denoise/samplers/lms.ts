import type { Tensor } from '../../tensor/tensor.ts'
import { combine, type Term } from '../combine.ts'
import type { Sampler, SamplerRun } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { slopeOf } from './slope.ts'

/** Linear multistep of order four in sigma (Katherine Crowson's k-diffusion). */
export const lms: Sampler = createLms(4)

/** The same of another order, from 1. */
export function createLms(order: number): Sampler {
  return (start, run) => solve(start, run, order)
}

async function solve(start: Tensor, run: SamplerRun, order: number): Promise<Tensor> {
  const { sigmas } = run
  let x = start
  let slopes: Tensor[] = []
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const sigma = sigmas[i]!
    const { latent: denoised } = await beginStep(run, i, x)
    if (sigmas[i + 1] === 0 && run.options.flavour === 'comfy') return denoised
    slopes = [slopeOf(x, sigma, denoised), ...slopes].slice(0, order)
    const terms = slopes.map((slope, j): Term => [
      integrateBasis(sigmas, i, { order: slopes.length, j }),
      slope,
    ])
    x = combine([1, x], [1, combine(...terms)])
  }
  return x
}

/** Integral from sigma_i to sigma_i+1 of the j-th Lagrange polynomial over the last `order` sigmas, exactly. */
function integrateBasis(
  sigmas: readonly number[],
  i: number,
  { order, j }: { order: number; j: number },
): number {
  // Coefficients of the polynomial, constant first.
  let polynomial = [1]
  for (let k = 0; k < order; k += 1) {
    if (k === j) continue
    const [root, width] = [sigmas[i - k]!, sigmas[i - j]! - sigmas[i - k]!]
    const product = new Array<number>(polynomial.length + 1).fill(0)
    polynomial.forEach((coefficient, power) => {
      product[power]! += (-root * coefficient) / width
      product[power + 1]! += coefficient / width
    })
    polynomial = product
  }
  const integral = (at: number) =>
    polynomial.reduce((sum, c, power) => sum + (c * at ** (power + 1)) / (power + 1), 0)
  return integral(sigmas[i + 1]!) - integral(sigmas[i]!)
}
