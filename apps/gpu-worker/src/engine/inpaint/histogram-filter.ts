/** Numbers row by row. */
export interface NumberField {
  readonly width: number
  readonly height: number
  readonly data: Float64Array
}

/** Part of a place's surroundings that its new value is the mean of, sorted and by weight, 0 to 1. */
export interface PercentileRange {
  readonly from: number
  readonly to: number
}

/** Places around one that count, each way. */
const RADIUS = 2
const SIDE = 2 * RADIUS + 1
const DEVIATION = 1.5
/** Smallest width of the range, in weights: that of the place itself. */
const LEAST_WIDTH = 1

/** Weights of the surroundings: a Gaussian that is brought down to nothing one place outside, 1 in the middle. */
const KERNEL = createKernel()

function createKernel(): Float64Array {
  const gauss = (square: number) => Math.exp(-square / DEVIATION ** 2)
  const floor = gauss((RADIUS + 1) ** 2)
  return Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [(i % SIDE) - RADIUS, Math.floor(i / SIDE) - RADIUS]
    return Math.max((gauss(x * x + y * y) - floor) / (1 - floor), 0)
  })
}

/**
 * Gives each place the weighted mean of a range of the sorted values around it: between a mean, a median, a minimum and a
 * maximum filter (A1111's soft inpainting).
 */
export function filterByPercentiles(
  { width, height, data }: NumberField,
  range: PercentileRange,
): NumberField {
  const output = new Float64Array(data.length)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      output[y * width + x] = meanOfRange(collect({ width, height, data }, x, y), range)
    }
  }
  return { width, height, data: output }
}

interface Weighted {
  readonly value: number
  readonly weight: number
}

function collect({ width, height, data }: NumberField, x: number, y: number): Weighted[] {
  const around: Weighted[] = []
  for (let dy = Math.max(-RADIUS, -y); dy <= Math.min(RADIUS, height - 1 - y); dy += 1) {
    for (let dx = Math.max(-RADIUS, -x); dx <= Math.min(RADIUS, width - 1 - x); dx += 1) {
      const weight = KERNEL[(dy + RADIUS) * SIDE + dx + RADIUS]!
      around.push({ value: data[(y + dy) * width + x + dx]!, weight })
    }
  }
  return around.sort((a, b) => a.value - b.value)
}

function meanOfRange(sorted: readonly Weighted[], { from, to }: PercentileRange): number {
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0)
  const [low, high] = placeRange(total * from, total * to, total)
  let [sum, weights, end] = [0, 0, 0]
  for (const { value, weight } of sorted) {
    const start = end
    end += weight
    if (low >= end) continue
    if (high <= start) break
    const share = Math.min(high, end) - Math.max(low, start)
    sum += value * share
    weights += share
  }
  return weights === 0 ? 0 : sum / weights
}

/** Widens a range that is too narrow, and keeps it inside the whole. */
function placeRange(low: number, high: number, total: number): [number, number] {
  if (high - low >= LEAST_WIDTH) return [low, high]
  const middle = (low + high) / 2
  let [from, to] = [middle - LEAST_WIDTH / 2, middle + LEAST_WIDTH / 2]
  if (to > total) [from, to] = [total - LEAST_WIDTH, total]
  return from < 0 ? [0, LEAST_WIDTH] : [from, to]
}
