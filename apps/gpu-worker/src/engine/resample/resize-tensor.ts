import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** A weighted tap: which source index, how much. */
type Taps = readonly (readonly [index: number, weight: number])[]

/** Resampling methods over one axis, as torch.nn.functional.interpolate computes them. */
export type ResizeMethod =
  | 'nearest'
  | 'nearest-exact'
  | 'bilinear'
  | 'bicubic'
  | 'area'
  | 'bilinear-antialiased'
  | 'bicubic-antialiased'

/** The taps of output index `i`. */
type TapsOf = (size: number, target: number, i: number) => Taps

const f32 = Math.fround

const METHODS: Readonly<Record<ResizeMethod, TapsOf>> = {
  // Torch finds its places in single floats: near whole ones a double would choose the other neighbour.
  nearest: (size, target, i) => [[Math.min(Math.floor(f32(i * f32(size / target))), size - 1), 1]],
  'bilinear-antialiased': (size, target, i) =>
    spreadTaps(size, target, i, { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) }),
  'bicubic-antialiased': (size, target, i) =>
    spreadTaps(size, target, i, { support: 2, weight: (x) => cubicWeight(x, -0.5) }),
  // The product is rounded only after the subtraction: one instruction of the processor.
  'nearest-exact': (size, target, i) => {
    const at = f32(f32(size / target) * (i + 0.5) - 0.5)
    return [[Math.min(Math.floor(f32(Math.max(at, 0) + 0.5)), size - 1), 1]]
  },
  bilinear: (size, target, i) => {
    const at = Math.max((i + 0.5) * (size / target) - 0.5, 0)
    const low = Math.min(Math.floor(at), size - 1)
    const share = Math.min(Math.max(at - low, 0), 1)
    return [
      [low, 1 - share],
      [Math.min(low + 1, size - 1), share],
    ]
  },
  bicubic: (size, target, i) => {
    const at = (i + 0.5) * (size / target) - 0.5
    const low = Math.floor(at)
    return [-1, 0, 1, 2].map(
      (k) => [Math.min(Math.max(low + k, 0), size - 1), cubicWeight(at - low - k)] as const,
    )
  },
  area: (size, target, i) => {
    const start = Math.floor((i * size) / target)
    const end = Math.ceil(((i + 1) * size) / target)
    return Array.from({ length: end - start }, (_, k) => [start + k, 1 / (end - start)] as const)
  },
}

/** Height and width together up to which torch computes by kernels of other arithmetic than its general one. */
const SMALL_SIDES = 128

/** Those of `nearest-exact` to a small size. */
const nearestExactSmall: TapsOf = (size, target, i) => [
  [Math.min(Math.floor(f32(f32(size / target) * (i + 0.5))), size - 1), 1],
]

function tapsOf(method: ResizeMethod, width: number, height: number): TapsOf {
  return method === 'nearest-exact' && width + height <= SMALL_SIDES ? nearestExactSmall : METHODS[method]
}

interface Filter {
  readonly support: number
  readonly weight: (x: number) => number
}

/** Taps of a filter that widens with what is made smaller. */
function spreadTaps(size: number, target: number, i: number, { support, weight }: Filter): Taps {
  const ratio = size / target
  const stretch = Math.max(ratio, 1)
  const centre = (i + 0.5) * ratio
  const start = Math.max(Math.trunc(centre - support * stretch + 0.5), 0)
  const end = Math.min(Math.trunc(centre + support * stretch + 0.5), size)
  const raw = Array.from({ length: end - start }, (_, k) => weight((start + k - centre + 0.5) / stretch))
  const total = raw.reduce((sum, value) => sum + value, 0)
  return raw.map((value, k) => [start + k, value / total] as const)
}

/** Keys' cubic kernel; torch's parameter is -0.75, Pillow's, which it takes to antialias, -0.5. */
function cubicWeight(x: number, a = -0.75): number {
  const d = Math.abs(x)
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0
}

/** Resizes [batch, channels, height, width]. */
export function resizeTensor(
  { shape, data }: Tensor,
  width: number,
  height: number,
  method: ResizeMethod,
): Tensor {
  const [batch, channels, fromHeight, fromWidth] = shape as [number, number, number, number]
  const find = tapsOf(method, width, height)
  const columns = Array.from({ length: width }, (_, i) => find(fromWidth, width, i))
  const rows = Array.from({ length: height }, (_, i) => find(fromHeight, height, i))
  const output = new Float32Array(batch * channels * height * width)
  const across = new Float64Array(fromHeight * width)
  for (let plane = 0; plane < batch * channels; plane += 1) {
    for (let y = 0; y < fromHeight; y += 1) {
      const start = (plane * fromHeight + y) * fromWidth
      for (let x = 0; x < width; x += 1)
        across[y * width + x] = sumTaps(columns[x]!, (index) => data[start + index]!)
    }
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        output[(plane * height + y) * width + x] = sumTaps(rows[y]!, (index) => across[index * width + x]!)
      }
    }
  }
  return createTensor([batch, channels, height, width], output)
}

function sumTaps(taps: Taps, read: (index: number) => number): number {
  let sum = 0
  for (const [index, weight] of taps) sum += weight * read(index)
  return sum
}

/** [batch, height, width, channels] to [batch, channels, height, width]. */
export function toChannelsFirst({ shape, data }: Tensor): Tensor {
  const [batch, height, width, channels] = shape as [number, number, number, number]
  return permute(data, {
    batch,
    outer: height * width,
    inner: channels,
    shape: [batch, channels, height, width],
  })
}

/** [batch, channels, height, width] to [batch, height, width, channels]. */
export function toChannelsLast({ shape, data }: Tensor): Tensor {
  const [batch, channels, height, width] = shape as [number, number, number, number]
  return permute(data, {
    batch,
    outer: channels,
    inner: height * width,
    shape: [batch, height, width, channels],
  })
}

function permute(
  data: Float32Array,
  { batch, outer, inner, shape }: { batch: number; outer: number; inner: number; shape: readonly number[] },
): Tensor {
  const output = new Float32Array(data.length)
  for (let b = 0; b < batch; b += 1) {
    const start = b * outer * inner
    for (let o = 0; o < outer; o += 1) {
      for (let i = 0; i < inner; i += 1) output[start + i * outer + o] = data[start + o * inner + i]!
    }
  }
  return createTensor(shape, output)
}
