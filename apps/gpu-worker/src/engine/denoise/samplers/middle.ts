const f32 = Math.fround

/**
 * The sigma halfway between two in their logarithms, in f32 and by way of logarithms as the originals compute it: on
 * evenly spaced timesteps it often lies halfway between two of them, and its last bit then decides which one ComfyUI's
 * network is told.
 */
export function middleOf(sigma: number, next: number): number {
  const [from, to] = [f32(Math.log(f32(sigma))), f32(Math.log(f32(next)))]
  return f32(Math.exp(f32(to - f32(f32(to - from) * 0.5))))
}
