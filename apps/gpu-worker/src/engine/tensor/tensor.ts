/**
 * A dense row-major float32 array with its shape: the one numeric value the engine's stages exchange.
 * Latents are [batch, channels, height, width], conditionings [batch, tokens, width], pixels [batch, height, width, 3].
 */
export interface Tensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** The number of elements a shape holds; 1 for the empty shape. */
export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Whether a latent [batch, channels, height, width] has a side that is no multiple of `reduction`. */
export function hasUnevenSides({ shape }: Tensor, reduction: number): boolean {
  return shape.slice(2).some((size) => size % reduction !== 0)
}

/**
 * Joins a shape and its data.
 * @throws RangeError when they disagree
 */
export function createTensor(shape: readonly number[], data?: Float32Array): Tensor {
  const count = countElements(shape)
  const values = data ?? new Float32Array(count)
  if (values.length !== count) {
    throw new RangeError(
      `a tensor of shape [${shape.join(', ')}] holds ${count} values, got ${values.length}`,
    )
  }
  return { shape, data: values }
}

/** Whether a value is no number. Loops: with a function for each element the check costs more than a sampler's step. */
export function hasNaN(data: Float32Array): boolean {
  // A sum that is a number holds none that is not; infinities of both signs make one without.
  let sum = 0
  for (let i = 0; i < data.length; i += 1) sum += data[i]!
  if (!Number.isNaN(sum)) return false
  return data.some(Number.isNaN)
}

/** Whether every value is a finite number. */
export function areFinite(data: Float32Array): boolean {
  // 0 times infinity is no number, and stays none in a sum.
  let sum = 0
  for (let i = 0; i < data.length; i += 1) sum += 0 * data[i]!
  return sum === 0
}
