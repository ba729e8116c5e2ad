import { cropPlanes, type PlaneBox } from '../../tensor/planes.ts'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import type { GuidingEntry } from './guiding-entry.ts'

/** Widest soft edge of an area inside the latent, in cells. */
const SOFT_CELLS = 8

/** An entry's area inside a latent of a shape [.., .., h, w]: what lies outside is cut off. */
export function regionOf({ area }: GuidingEntry, shape: readonly number[]): PlaneBox {
  const [height, width] = shape.slice(2) as [number, number]
  if (area === undefined) return { top: 0, left: 0, height, width }
  const [top, left] = [Math.min(area.top, height), Math.min(area.left, width)]
  return {
    top,
    left,
    height: Math.min(area.height, height - top),
    width: Math.min(area.width, width - left),
  }
}

/**
 * Weights [n, h, w] of an entry's prediction in its region, n one or the images: strength times mask; an area without
 * a mask fades at the edges that are not the latent's own.
 */
export function weighRegion(entry: GuidingEntry, region: PlaneBox, shape: readonly number[]): Tensor {
  const { mask, strength } = entry
  if (mask !== undefined) {
    const [masks, height, width] = mask.shape as [number, number, number]
    const planes = cropPlanes(createTensor([masks, 1, height, width], mask.data), region)
    const used = Math.min(masks, shape[0]!)
    const size = region.height * region.width
    return createTensor(
      [used, region.height, region.width],
      planes.data.subarray(0, used * size).map((value) => value * strength),
    )
  }
  const weights = createTensor([1, region.height, region.width])
  weights.data.fill(strength)
  if (entry.area !== undefined) fadeEdges(weights, region, shape)
  return weights
}

function fadeEdges(weights: Tensor, region: PlaneBox, shape: readonly number[]): void {
  const [height, width] = shape.slice(2) as [number, number]
  const down = fade(region.height, region.top > 0, region.top + region.height < height)
  const across = fade(region.width, region.left > 0, region.left + region.width < width)
  weights.data.forEach((value, i) => {
    weights.data[i] = value * down[Math.floor(i / region.width)]! * across[i % region.width]!
  })
}

/** Factors along a side, rising from its start and falling to its end where these are soft. */
function fade(size: number, isStartSoft: boolean, isEndSoft: boolean): Float32Array {
  const factors = new Float32Array(size).fill(1)
  const cells = Math.min(SOFT_CELLS, Math.floor(size / 4))
  for (let i = 0; i < cells; i += 1) {
    if (isStartSoft) factors[i]! *= (i + 1) / cells
    if (isEndSoft) factors[size - 1 - i]! *= (i + 1) / cells
  }
  return factors
}
