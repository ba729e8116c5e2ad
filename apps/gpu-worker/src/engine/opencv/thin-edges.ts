import { dilateRaster, fitsPattern, type Neighbourhood, type Pattern } from './morphology.ts'
import type { ByteRaster } from './raster.ts'

/** Rounds of thinning at most. */
const MAX_ROUNDS = 32
/** Lines of three through a pixel. */
const LINES: readonly Neighbourhood[] = [
  [
    [-1, 0],
    [0, 0],
    [1, 0],
  ],
  [
    [0, -1],
    [0, 0],
    [0, 1],
  ],
  [
    [-1, -1],
    [0, 0],
    [1, 1],
  ],
  [
    [1, -1],
    [0, 0],
    [-1, 1],
  ],
]
/** A pixel at a straight edge, and at a corner, that can go. */
const EDGES: readonly Pattern[] = [
  [-1, -1, -1, 0, 1, 0, 1, 1, 1],
  [0, -1, -1, 1, 1, -1, 0, 1, 0],
]
/** Ends of spurs. */
const SPURS: readonly Pattern[] = [
  [-1, -1, -1, -1, 1, -1, 0, 0, -1],
  [-1, -1, -1, -1, 1, -1, -1, 0, 0],
]

/** The pixels that are the largest along one of the lines through them; the others black. */
export function keepRidges(source: ByteRaster): ByteRaster {
  const output = new Uint8Array(source.data.length)
  for (const line of LINES) {
    const largest = dilateRaster(source, line).data
    for (let i = 0; i < output.length; i += 1) if (largest[i] === source.data[i]) output[i] = source.data[i]!
  }
  return { ...source, data: output }
}

/** Thins white lines on black to one pixel; with `prunes` spurs lose their ends. */
export function thinEdges(source: ByteRaster, prunes: boolean): ByteRaster {
  const thinned = { ...source, data: source.data.slice() }
  const edges = turnRound(EDGES)
  for (let round = 0; round < MAX_ROUNDS; round += 1) if (!removeAll(thinned, edges)) break
  if (prunes) removeAll(thinned, turnRound(SPURS))
  return thinned
}

/** Both patterns turned to the left by no, one, two and three quarters. */
function turnRound(patterns: readonly Pattern[]): Pattern[] {
  const turned: Pattern[] = []
  let present = patterns
  for (let quarter = 0; quarter < 4; quarter += 1) {
    turned.push(...present)
    present = present.map((pattern) => pattern.map((_, i) => pattern[(i % 3) * 3 + 2 - Math.floor(i / 3)]!))
  }
  return turned
}

/** Blackens what fits each pattern, one after the other; whether anything did. */
function removeAll(picture: ByteRaster, patterns: readonly Pattern[]): boolean {
  const { width, height, data } = picture
  let hasChanged = false
  for (const pattern of patterns) {
    const found: number[] = []
    for (let at = 0; at < data.length; at += 1)
      if (data[at] === 255 && fitsPattern(picture, pattern, at % width, Math.floor(at / width)))
        found.push(at)
    for (const at of found) data[at] = 0
    hasChanged ||= found.length > 0
  }
  return hasChanged && height > 0
}
