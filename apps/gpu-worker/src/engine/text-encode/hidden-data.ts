import { inflateSync } from 'node:zlib'
import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import type { DecodedPicture } from './decode-picture.ts'

/** Inflated data beyond this is no embedding, bytes: 75 vectors 2,048 wide are about 3 MB of JSON. */
const MAX_HIDDEN_BYTES = 64 * 1024 * 1024

/**
 * Data that A1111 hid in a picture's pixels: the low four bits of a block at the left and the high four of one at the
 * right, each apart from the picture by a black column, both scrambled. Undefined for a picture without such columns.
 * @throws CheckpointError `malformed` when what stands there was not hidden by it
 */
export function findHiddenData(picture: DecodedPicture, path: string): Buffer | undefined {
  const bounds = cropBlack(picture)
  const black: number[] = []
  for (let x = bounds.left; x < bounds.right; x += 1) if (isBlackColumn(picture, bounds, x)) black.push(x)
  if (black.length < 2) return undefined
  const low = readBlock(picture, { ...bounds, right: black[0]! })
  const high = readBlock(picture, { ...bounds, left: black.at(-1)! + 1 })
  try {
    if (low.length !== high.length || low.length === 0) throw new Error('its halves differ in size')
    const bytes = low.map((value, i) => value | (high[i]! << 4))
    return inflateSync(bytes, { maxOutputLength: MAX_HIDDEN_BYTES })
  } catch (cause) {
    throw new CheckpointError('malformed', path, `its pixels carry no embedding: ${String(cause)}`)
  }
}

interface Bounds {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** What is left without black borders: the span of pixels with no channel at zero; everything where there is none. */
function cropBlack({ width, height, data }: DecodedPicture): Bounds {
  let [left, top, right, bottom] = [width, height, 0, 0]
  for (let i = 0; i < width * height; i += 1) {
    if (data[3 * i] === 0 || data[3 * i + 1] === 0 || data[3 * i + 2] === 0) continue
    const [x, y] = [i % width, Math.floor(i / width)]
    left = Math.min(left, x)
    right = Math.max(right, x + 1)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y + 1)
  }
  return right === 0 ? { left: 0, top: 0, right: width, bottom: height } : { left, top, right, bottom }
}

const LOW_BITS = 0x0f

function isBlackColumn({ width, data }: DecodedPicture, { top, bottom }: Bounds, x: number): boolean {
  for (let y = top; y < bottom; y += 1) {
    const at = 3 * (y * width + x)
    if (((data[at]! | data[at + 1]! | data[at + 2]!) & LOW_BITS) !== 0) return false
  }
  return true
}

/** The low bits of a block's channels, row by row, unscrambled. */
function readBlock({ width, data }: DecodedPicture, { left, top, right, bottom }: Bounds): Uint8Array {
  const next = createScrambler()
  const values: number[] = []
  for (let y = top; y < bottom; y += 1) {
    for (let at = 3 * (y * width + left); at < 3 * (y * width + right); at += 1)
      values.push((data[at]! ^ next()) & LOW_BITS)
  }
  return Uint8Array.from(values)
}

/** A linear congruential generator (Numerical Recipes' constants), of which the remainders by 255 are taken. */
function createScrambler(): () => number {
  let state = 0
  return () => {
    state = (Math.imul(1_664_525, state) + 1_013_904_223) >>> 0
    return state % 255
  }
}
