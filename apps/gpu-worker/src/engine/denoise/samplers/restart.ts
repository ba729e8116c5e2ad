import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { linspace } from '../schedules/schedule.ts'
import { follow, slopeOf } from './slope.ts'

/** Restart sampling (Xu et al. 2023, arXiv 2306.14878): Heun steps that jump back up once or twice. */
export const restart: Sampler = async (start, run) => {
  const steps = planRestarts(run.sigmas)
  let x = start
  let last: number | undefined
  for (const [index, [sigma, next]] of steps.entries()) {
    if (last !== undefined && last < sigma) {
      x = combine([1, x], [run.options.sNoise * Math.sqrt(sigma ** 2 - last ** 2), run.noise.next()])
    }
    const { latent: denoised } = await run.denoise(x, sigma)
    await run.onStep({ step: index + 1, totalSteps: steps.length, sigma, denoised })
    const slope = slopeOf(x, sigma, denoised)
    const euler = follow(x, slope, next - sigma)
    if (next === 0) x = euler
    else {
      const { latent: second } = await run.denoise(euler, next)
      x = follow(x, combine([0.5, slope], [0.5, slopeOf(euler, next, second)]), next - sigma)
    }
    last = next
  }
  return x
}

const RHO = 7
/** Where a restart begins, and how far up it goes. */
const JUMP = { from: 0.1, to: 2 }

function karras(count: number, sigmaMin: number, sigmaMax: number): number[] {
  const [top, bottom] = [sigmaMax ** (1 / RHO), sigmaMin ** (1 / RHO)]
  return [...linspace(0, 1, count).map((ramp) => (top + ramp * (bottom - top)) ** RHO), 0]
}

/** Pairs of sigmas to step between, restarts included. */
function planRestarts(sigmas: readonly number[]): [number, number][] {
  const count = sigmas.length - 1
  const { times, length } =
    count >= 36 ? { times: 2, length: Math.floor(count / 4) } : { times: count >= 20 ? 1 : 0, length: 9 }
  const base = times === 0 ? [...sigmas] : karras(count - length * times, sigmas[count - 1]!, sigmas[0]!)
  const nearest = (value: number) =>
    base.reduce((best, sigma, i) => (Math.abs(sigma - value) < Math.abs(base[best]! - value) ? i : best), 0)
  const from = nearest(JUMP.from)
  const pairs: [number, number][] = []
  for (let i = 0; i + 1 < base.length; i += 1) {
    pairs.push([base[i]!, base[i + 1]!])
    if (times === 0 || i + 1 !== from) continue
    const to = nearest(JUMP.to)
    if (to >= from) continue
    const segment = karras(length + 1, base[from]!, base[to]!).slice(0, -1)
    for (let time = 0; time < times; time += 1) {
      for (let j = 0; j + 1 < segment.length; j += 1) pairs.push([segment[j]!, segment[j + 1]!])
    }
  }
  return pairs
}
