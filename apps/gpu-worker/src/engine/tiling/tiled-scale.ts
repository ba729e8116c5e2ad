import { sliceRows, joinRows } from '../denoise/combine.ts'
import { EngineError } from '../engine-error.ts'
import { roundHalfEven } from '../resample/common-upscale.ts'
import { cropPlanes } from '../tensor/planes.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** How a picture is cut into tiles, in pixels of the input. */
export interface TileOptions {
  readonly tileWidth: number
  readonly tileHeight: number
  readonly overlap: number
  /** Output pixels for one input pixel along a side; below 1 where the function shrinks. */
  readonly scale: number
  /** Hears of each tile done, of how many. */
  readonly onTile?: (done: number, total: number) => void
}

/**
 * Runs a function over overlapping tiles of [batch, channels, height, width] and joins what it gives, edges faded into
 * each other, as ComfyUI does: every tile fades on all four sides over the overlap, and sums are divided by weights. A
 * picture that fits into one tile is passed whole.
 */
export async function runTiled(
  source: Tensor,
  run: (tile: Tensor) => Promise<Tensor>,
  options: TileOptions,
): Promise<Tensor> {
  const rows: Tensor[] = []
  for (let row = 0; row < source.shape[0]!; row += 1) {
    rows.push(await runRow(sliceRows(source, row, row + 1), run, options))
  }
  return joinRows(rows)
}

/** Tiles that `runTiled` makes of one picture. */
export function countTiles(height: number, width: number, options: TileOptions): number {
  const { tileWidth, tileHeight, overlap } = options
  return placeTiles(height, tileHeight, overlap).length * placeTiles(width, tileWidth, overlap).length
}

async function runRow(
  source: Tensor,
  run: (tile: Tensor) => Promise<Tensor>,
  options: TileOptions,
): Promise<Tensor> {
  const [, , height, width] = source.shape as [number, number, number, number]
  const { tileWidth, tileHeight, overlap, scale } = options
  const report = options.onTile ?? (() => undefined)
  if (height <= tileHeight && width <= tileWidth) {
    const whole = await run(source)
    report(1, 1)
    return whole
  }
  let sum: Sum | undefined
  const [tops, lefts] = [placeTiles(height, tileHeight, overlap), placeTiles(width, tileWidth, overlap)]
  for (const [index, top] of tops.entries()) {
    for (const [column, left] of lefts.entries()) {
      const box = {
        top,
        left,
        height: Math.min(tileHeight, height - top),
        width: Math.min(tileWidth, width - left),
      }
      const output = await run(cropPlanes(source, box))
      sum ??= createSum([output.shape[1]!, roundHalfEven(height * scale), roundHalfEven(width * scale)])
      addTile(sum, output, {
        top: roundHalfEven(top * scale),
        left: roundHalfEven(left * scale),
        feather: roundHalfEven(overlap * scale),
      })
      report(index * lefts.length + column + 1, tops.length * lefts.length)
    }
  }
  return divide(sum!)
}

function placeTiles(size: number, tile: number, overlap: number): number[] {
  if (size <= tile) return [0]
  if (overlap >= tile)
    throw new EngineError('invalid-request', `tiles of ${tile} cannot overlap by ${overlap}`, {
      exceptionType: 'ValueError',
    })
  const places: number[] = []
  for (let at = 0; at < size - overlap; at += tile - overlap) places.push(Math.min(size - overlap, at))
  return places
}

interface Sum {
  readonly values: Tensor
  readonly weights: Float32Array
}

function createSum([channels, height, width]: readonly [number, number, number]): Sum {
  return { values: createTensor([1, channels, height, width]), weights: new Float32Array(height * width) }
}

function addTile(
  { values, weights }: Sum,
  tile: Tensor,
  { top, left, feather }: { top: number; left: number; feather: number },
): void {
  const [, channels, rows, columns] = values.shape as [number, number, number, number]
  const [tileHeight, tileWidth] = tile.shape.slice(2) as [number, number]
  const [down, across] = [fade(tileHeight, feather), fade(tileWidth, feather)]
  for (let y = 0; y < tileHeight; y += 1) {
    for (let x = 0; x < tileWidth; x += 1) {
      const weight = Math.fround(down[y]! * across[x]!)
      const at = (top + y) * columns + left + x
      weights[at]! += weight
      for (let c = 0; c < channels; c += 1)
        values.data[c * rows * columns + at]! += tile.data[(c * tileHeight + y) * tileWidth + x]! * weight
    }
  }
}

/** Weights along a side: rising over the feather, one, falling over it; all one where the side is no longer. */
function fade(size: number, feather: number): Float32Array {
  const weights = new Float32Array(size).fill(1)
  if (feather >= size) return weights
  for (let i = 0; i < feather; i += 1) {
    weights[i]! *= (i + 1) / feather
    weights[size - 1 - i]! *= (i + 1) / feather
  }
  return weights
}

function divide({ values, weights }: Sum): Tensor {
  return createTensor(
    values.shape,
    values.data.map((value, i) => value / weights[i % weights.length]!),
  )
}
