import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { convolve } from './convolve.ts'

/** Shares of red, green and blue in grey. */
const GREY = [0.299, 0.587, 0.114] as const
/** Keeps roots apart from zero. */
const EPSILON = 1e-6
/** The neighbour across an edge of each direction: to the right, then on by eighths of a turn, rows going down. */
const NEIGHBOURS = [
  [1, 0],
  [1, 1],
  [0, 1],
  [-1, 1],
  [-1, 0],
  [-1, -1],
  [0, -1],
  [1, -1],
] as const

/** A Gaussian of five taps and sigma 1, squared. */
const BLUR = createBlur()

function createBlur(): Float64Array {
  const raw = [-2, -1, 0, 1, 2].map((x) => Math.exp((-x * x) / 2))
  const sum = raw.reduce((total, value) => total + value, 0)
  return Float64Array.from(raw.flatMap((y) => raw.map((x) => (x * y) / sum ** 2)))
}

/**
 * Edges of pictures [batch, 3, height, width], 0 to 1, by Canny (1986) as Kornia finds them: white on black, three equal
 * channels. Slopes above `high` are edges, those above `low` where they hang on one.
 */
export function findEdges(pictures: Tensor, low: number, high: number): Tensor {
  const [batch, , height, width] = pictures.shape as [number, number, number, number]
  const grey = convolve(toGrey(pictures), BLUR)
  const plane = height * width
  const edges = createTensor([batch, 3, height, width])
  for (let picture = 0; picture < batch; picture += 1) {
    const own = grey.data.subarray(picture * plane, (picture + 1) * plane)
    const found = trace(thin(own, width, height), { low, high, width, height })
    for (let c = 0; c < 3; c += 1) edges.data.set(found, (3 * picture + c) * plane)
  }
  return edges
}

function toGrey(pictures: Tensor): Tensor {
  const { shape, data } = pictures
  const [batch, channels, height, width] = shape as [number, number, number, number]
  if (channels === 1) return pictures
  const plane = height * width
  const grey = createTensor([batch, 1, height, width])
  for (let i = 0; i < grey.data.length; i += 1) {
    const at = Math.floor(i / plane) * channels * plane + (i % plane)
    grey.data[i] = GREY.reduce((sum, share, c) => sum + share * data[at + c * plane]!, 0)
  }
  return grey
}

/** Steepness where it is larger than that of both neighbours across the edge, else 0; edges are repeated outside. */
function thin(grey: Float32Array, width: number, height: number): Float32Array {
  const steepness = new Float32Array(grey.length)
  const directions = new Int8Array(grey.length)
  const value = (x: number, y: number) =>
    grey[Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1)]!
  for (let i = 0; i < grey.length; i += 1) {
    const [x, y] = [i % width, Math.floor(i / width)]
    const side = (ox: number) => value(x + ox, y - 1) + 2 * value(x + ox, y) + value(x + ox, y + 1)
    const row = (oy: number) => value(x - 1, y + oy) + 2 * value(x, y + oy) + value(x + 1, y + oy)
    const [dx, dy] = [Math.fround(side(1) - side(-1)), Math.fround(row(1) - row(-1))]
    steepness[i] = Math.sqrt(dx * dx + dy * dy + EPSILON)
    directions[i] = (roundEven((Math.atan2(dy, dx) * 4) / Math.PI) + 8) % 8
  }
  const beside = (x: number, y: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? 0 : steepness[y * width + x]!
  return steepness.map((own, i) => {
    const [ox, oy] = NEIGHBOURS[directions[i]!]!
    const [x, y] = [i % width, Math.floor(i / width)]
    return own > beside(x + ox, y + oy) && own > beside(x - ox, y - oy) ? own : 0
  })
}

function roundEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

interface Tracing {
  readonly low: number
  readonly high: number
  readonly width: number
  readonly height: number
}

/** 1 for strong pixels and for weak ones that hang on them. */
function trace(steepness: Float32Array, { low, high, width, height }: Tracing): Float32Array {
  const edges = new Float32Array(steepness.length)
  const open: number[] = []
  const add = (i: number) => {
    edges[i] = 1
    open.push(i)
  }
  steepness.forEach((value, i) => {
    if (value > high) add(i)
  })
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const [ox, oy] of NEIGHBOURS) {
      const [x, y] = [(at % width) + ox, Math.floor(at / width) + oy]
      if (x < 0 || y < 0 || x >= width || y >= height) continue
      const next = y * width + x
      if (edges[next] === 0 && steepness[next]! > low) add(next)
    }
  }
  return edges
}
