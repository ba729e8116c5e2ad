const f32 = Math.fround

/**
 * Splits a step to `next` into a deterministic one to `down` and noise of `up`, with eta's share of the variance. In f32
 * as the originals compute it: where nearly all of the step is noise, `down` is a difference of nearly equal numbers.
 */
export function splitAncestral(sigma: number, next: number, eta: number): { down: number; up: number } {
  if (eta === 0) return { down: next, up: 0 }
  const [sigmaSquare, nextSquare] = [f32(f32(sigma) * f32(sigma)), f32(f32(next) * f32(next))]
  const variance = f32(f32(nextSquare * f32(sigmaSquare - nextSquare)) / sigmaSquare)
  const share = f32(eta * f32(Math.sqrt(variance)))
  // Towards more noise the share is no number: all of the level is noise, as Python's `min` has it.
  const up = share < f32(next) ? share : f32(next)
  return { down: f32(Math.sqrt(Math.max(f32(nextSquare - f32(up * up)), 0))), up }
}
