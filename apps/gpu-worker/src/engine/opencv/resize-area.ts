import { createLike, toByte, type Raster, type Size } from './raster.ts'

/** Shares of a cell smaller than this are left out. */
const SMALLEST_SHARE = 1e-3

/** A source index and its share of an output index. */
interface Share {
  readonly from: number
  readonly weight: number
}

/** Means over the cells of a smaller size (OpenCV's INTER_AREA); whole factors by whole sums. */
export function resizeByArea<R extends Raster>(source: R, { width, height }: Size): R {
  const { channels, data } = source
  const [scaleX, scaleY] = [1 / (width / source.width), 1 / (height / source.height)]
  const isWhole = [scaleX, scaleY].every((scale) => Math.abs(scale - Math.round(scale)) < Number.EPSILON * 2)
  const isBytes = data instanceof Uint8Array
  const output = createLike(data, width * height * channels)
  const sumCell = isWhole
    ? createWholeSum(source, Math.round(scaleX), Math.round(scaleY))
    : createSharedSum(
        source,
        listShares(source.width, width, scaleX),
        listShares(source.height, height, scaleY),
      )
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let c = 0; c < channels; c += 1) {
        const mean = sumCell(x, y, c)
        output[(y * width + x) * channels + c] = isBytes ? toByte(mean) : mean
      }
    }
  }
  return { ...source, width, height, data: output }
}

type SumCell = (x: number, y: number, channel: number) => number

function createWholeSum({ width, channels, data }: Raster, columns: number, rows: number): SumCell {
  const isHalving = columns === 2 && rows === 2 && data instanceof Uint8Array
  const share = Math.fround(1 / (columns * rows))
  return (x, y, channel) => {
    let sum = 0
    for (let row = 0; row < rows; row += 1)
      for (let column = 0; column < columns; column += 1)
        sum += data[((y * rows + row) * width + x * columns + column) * channels + channel]!
    // Squares of four bytes are rounded half up.
    return isHalving ? (sum + 2) >> 2 : Math.fround(sum * share)
  }
}

function createSharedSum(
  { width, channels, data }: Raster,
  columns: readonly (readonly Share[])[],
  rows: readonly (readonly Share[])[],
): SumCell {
  return (x, y, channel) => {
    let sum = 0
    for (const row of rows[y]!) {
      let across = 0
      for (const { from, weight } of columns[x]!)
        across = Math.fround(
          across + Math.fround(data[(row.from * width + from) * channels + channel]! * weight),
        )
      sum = Math.fround(sum + Math.fround(across * row.weight))
    }
    return sum
  }
}

function listShares(size: number, target: number, scale: number): Share[][] {
  return Array.from({ length: target }, (_, i) => {
    const [start, end] = [i * scale, i * scale + scale]
    const cell = Math.min(scale, size - start)
    const last = Math.min(Math.floor(end), size - 1)
    const first = Math.min(Math.ceil(start), last)
    const shares: Share[] = []
    const add = (from: number, share: number) => shares.push({ from, weight: Math.fround(share / cell) })
    if (first - start > SMALLEST_SHARE) add(first - 1, first - start)
    for (let from = first; from < last; from += 1) add(from, 1)
    if (end - last > SMALLEST_SHARE) add(last, Math.min(Math.min(end - last, 1), cell))
    return shares
  })
}
