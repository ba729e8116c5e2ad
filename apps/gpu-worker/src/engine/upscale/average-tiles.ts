import { cropPlanes } from '../tensor/planes.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** Tiles of the average kind. */
export interface AverageOptions {
  readonly tile: number
  readonly overlap: number
  readonly scale: number
}

/** A1111's other way to tile, used for SwinIR: square tiles, and the plain average where they overlap. */
export async function runAveraged(
  source: Tensor,
  run: (tile: Tensor) => Promise<Tensor>,
  { tile, overlap, scale }: AverageOptions,
): Promise<Tensor> {
  const [, channels, height, width] = source.shape as [number, number, number, number]
  const size = Math.min(tile, height, width)
  if (size <= 0) return run(source)
  const output = createTensor([1, channels, height * scale, width * scale])
  const counts = new Float32Array(height * width * scale * scale)
  for (const top of placeTiles(height, size, overlap)) {
    for (const left of placeTiles(width, size, overlap)) {
      const result = await run(cropPlanes(source, { top, left, height: size, width: size }))
      addTile({ output, counts }, result, { top: top * scale, left: left * scale })
    }
  }
  return createTensor(
    output.shape,
    output.data.map((value, i) => value / counts[i % counts.length]!),
  )
}

function placeTiles(size: number, tile: number, overlap: number): number[] {
  const places: number[] = []
  for (let at = 0; at < size - tile; at += tile - overlap) places.push(at)
  return [...places, size - tile]
}

function addTile(
  { output, counts }: { output: Tensor; counts: Float32Array },
  tile: Tensor,
  { top, left }: { top: number; left: number },
): void {
  const [, channels, rows, columns] = output.shape as [number, number, number, number]
  const [height, width] = tile.shape.slice(2) as [number, number]
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (top + y) * columns + left + x
      counts[at]! += 1
      for (let c = 0; c < channels; c += 1)
        output.data[c * rows * columns + at]! += tile.data[(c * height + y) * width + x]!
    }
  }
}
