import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** Resizes latents [batch, channels, height, width] by spherical interpolation of channel vectors, across then down. */
export function resizeBislerp(source: Tensor, width: number, height: number): Tensor {
  return transpose(resizeAcross(transpose(resizeAcross(source, width)), height))
}

function resizeAcross({ shape, data }: Tensor, target: number): Tensor {
  const [batch, channels, height, width] = shape as [number, number, number, number]
  const output = createTensor([batch, channels, height, target])
  const at = bilinearPositions(width, target)
  const low = new Float64Array(channels)
  const high = new Float64Array(channels)
  for (let b = 0; b < batch; b += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < target; x += 1) {
        const { first, second, share } = at[x]!
        for (let c = 0; c < channels; c += 1) {
          const row = ((b * channels + c) * height + y) * width
          low[c] = data[row + first]!
          high[c] = data[row + second]!
        }
        const mixed = slerp(low, high, share)
        for (let c = 0; c < channels; c += 1)
          output.data[((b * channels + c) * height + y) * target + x] = mixed[c]!
      }
    }
  }
  return output
}

function bilinearPositions(size: number, target: number): { first: number; second: number; share: number }[] {
  return Array.from({ length: target }, (_, i) => {
    const at = Math.max((i + 0.5) * (size / target) - 0.5, 0)
    const first = Math.min(Math.floor(at), size - 1)
    const second = Math.min(first + 1, size - 1)
    return { first, second, share: first === second ? 0 : at - first }
  })
}

/** Direction on the sphere, length linearly; nearly equal or opposite directions are treated as equal or mixed linearly. */
function slerp(low: Float64Array, high: Float64Array, share: number): Float64Array {
  const [lowNorm, highNorm] = [norm(low), norm(high)]
  const unit = (vector: Float64Array, length: number) =>
    vector.map((value) => (length === 0 ? 0 : value / length))
  const [a, b] = [unit(low, lowNorm), unit(high, highNorm)]
  const dot = a.reduce((sum, value, i) => sum + value * b[i]!, 0)
  if (dot > 1 - 1e-5) return low.slice()
  if (dot < 1e-5 - 1) return low.map((value, i) => value * (1 - share) + high[i]! * share)
  const angle = Math.acos(dot)
  const sine = Math.sin(angle)
  const length = lowNorm * (1 - share) + highNorm * share
  return a.map(
    (value, i) =>
      ((Math.sin((1 - share) * angle) / sine) * value + (Math.sin(share * angle) / sine) * b[i]!) * length,
  )
}

function norm(vector: Float64Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0))
}

function transpose({ shape, data }: Tensor): Tensor {
  const [batch, channels, height, width] = shape as [number, number, number, number]
  const output = createTensor([batch, channels, width, height])
  for (let plane = 0; plane < batch * channels; plane += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        output.data[(plane * width + x) * height + y] = data[(plane * height + y) * width + x]!
      }
    }
  }
  return output
}
