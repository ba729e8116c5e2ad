import type { SamplerOptions } from '../sampler.ts'

const f32 = Math.fround

/**
 * The sigma halfway between two in their logarithms. For ComfyUI in f32 and by way of logarithms, as it computes it: on
 * evenly spaced timesteps it often lies halfway between two of them, and its last bit then decides which one the network
 * is told. Others tell fractions of timesteps, where exact numbers do.
 */
export function middleOf(sigma: number, next: number, flavour: SamplerOptions['flavour']): number {
  if (flavour !== 'comfy') return Math.sqrt(sigma * next)
  const [from, to] = [f32(Math.log(f32(sigma))), f32(Math.log(f32(next)))]
  return f32(Math.exp(f32(to - f32(f32(to - from) * 0.5))))
}
