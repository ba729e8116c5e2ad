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

/** Joins a shape and its data; throws RangeError when they disagree. */
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
