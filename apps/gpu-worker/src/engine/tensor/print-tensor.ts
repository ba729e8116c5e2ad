import { roundHalfEven } from '../denoise/schedules/schedule.ts'
import type { Tensor } from './tensor.ts'

// torch's defaults (torch.set_printoptions).
const DIGITS = 4
const MAX_PRINTED = 1000
const EDGE_ITEMS = 3
const LINE_WIDTH = 80

const PREFIX = 'tensor('

/** An f32 tensor as torch prints it on the CPU: `tensor([14.6146,  0.0000])`; of a large one the edges. */
export function printTensor({ shape, data }: Tensor): string {
  if (data.length === 0)
    return shape.length === 1 ? `${PREFIX}[])` : `${PREFIX}[], size=(${shape.join(', ')}))`
  const isCut = data.length > MAX_PRINTED
  const values = isCut ? pickEdges(shape, data) : data
  const print = createNumberPrinter(values)
  const text = printAxis({ shape, data, isCut, print }, { at: 0, axis: 0, indent: PREFIX.length })
  return `${PREFIX}${text})`
}

interface Printing {
  readonly shape: readonly number[]
  readonly data: Float32Array
  readonly isCut: boolean
  readonly print: (value: number) => string
}

interface Place {
  /** First element. */
  readonly at: number
  readonly axis: number
  readonly indent: number
}

function printAxis(printing: Printing, { at, axis, indent }: Place): string {
  const { shape, data, isCut, print } = printing
  const stride = strideOf(shape, axis)
  const [before, after] = isCut ? splitEdges(shape[axis]!) : [range(0, shape[axis]!), []]
  const rest = shape.length - axis - 1
  const printItem = (i: number) =>
    rest === 0
      ? print(data[at + i]!)
      : printAxis(printing, { at: at + i * stride, axis: axis + 1, indent: indent + 1 })
  const gap = after.length === 0 ? [] : [rest === 0 ? ' ...' : '...']
  const items = [...before.map(printItem), ...gap, ...after.map(printItem)]
  const newLine = '\n'.repeat(Math.max(rest, 1)) + ' '.repeat(indent + 1)
  if (rest > 0) return `[${items.join(`,${newLine}`)}]`
  const perLine = Math.max(1, Math.floor((LINE_WIDTH - indent) / (items[0]!.length + 2)))
  const lines = range(0, Math.ceil(items.length / perLine)).map((line) =>
    items.slice(line * perLine, (line + 1) * perLine).join(', '),
  )
  return `[${lines.join(`,${newLine}`)}]`
}

/** How all numbers are printed, and as wide as the widest: whole, with decimals, or with an exponent. */
function createNumberPrinter(values: Float32Array): (value: number) => string {
  const judged = values.filter((value) => Number.isFinite(value) && value !== 0)
  const sizes = judged.map(Math.abs)
  const [smallest, largest] = [
    sizes.reduce((a, b) => Math.min(a, b), Infinity),
    sizes.reduce((a, b) => Math.max(a, b), 0),
  ]
  const isWhole = judged.every(Number.isInteger)
  const isWide = judged.length > 0 && (largest / smallest > 1000 || largest > 1e8)
  const hasExponent = isWide || (!isWhole && smallest < 1e-4)
  const print = (value: number): string => {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
    if (hasExponent) return printExponent(value)
    return isWhole ? `${printDecimals(value, 0)}.` : printDecimals(value, DIGITS)
  }
  const width = judged.reduce((widest, value) => Math.max(widest, print(value).length), 1)
  return (value) => print(value).padStart(width)
}

/** C's %f: halves go to the even digit, zeros keep their sign. */
function printDecimals(value: number, digits: number): string {
  const size = Math.abs(value)
  const scaled = size * 10 ** digits
  const isHalf = scaled % 1 === 0.5
  return signOf(value) + (isHalf ? roundHalfEven(scaled) / 10 ** digits : size).toFixed(digits)
}

/** C's %e: at least two digits of exponent. */
function printExponent(value: number): string {
  const [mantissa, exponent = '+0'] = Math.abs(value).toExponential(DIGITS).split('e')
  return `${signOf(value)}${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
}

function signOf(value: number): string {
  return value < 0 || Object.is(value, -0) ? '-' : ''
}

/** The elements that are printed of a tensor that is cut. */
function pickEdges(shape: readonly number[], data: Float32Array): Float32Array {
  let places = [0]
  for (const axis of shape.keys()) {
    const stride = strideOf(shape, axis)
    const indexes = splitEdges(shape[axis]!).flat()
    places = places.flatMap((at) => indexes.map((i) => at + i * stride))
  }
  return Float32Array.from(places, (at) => data[at]!)
}

/** Indexes before and after the gap of an axis; all before where there is none. */
function splitEdges(size: number): [number[], number[]] {
  if (size <= 2 * EDGE_ITEMS) return [range(0, size), []]
  return [range(0, EDGE_ITEMS), range(size - EDGE_ITEMS, size)]
}

function strideOf(shape: readonly number[], axis: number): number {
  return shape.slice(axis + 1).reduce((product, size) => product * size, 1)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}
