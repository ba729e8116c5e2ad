import { f32, type Schedule } from './schedule.ts'

/** Movie Gen's schedule (arXiv 2410.13720): linear over the first half to a threshold, then quadratic. */
export const linearQuadratic: Schedule = {
  sigmas: ({ count, sigmaMax }) => {
    if (count === 1) return [sigmaMax]
    const threshold = 0.025
    const linearCount = Math.floor(count / 2)
    const quadraticCount = count - linearCount
    const difference = linearCount - threshold * count
    const a = difference / (linearCount * quadraticCount ** 2)
    const b = threshold / linearCount - (2 * difference) / quadraticCount ** 2
    const c = a * linearCount ** 2
    const curve = (i: number) => (i < linearCount ? (i * threshold) / linearCount : a * i * i + b * i + c)
    return Array.from({ length: count }, (_, i) => f32(f32(1 - curve(i)) * f32(sigmaMax)))
  },
}
