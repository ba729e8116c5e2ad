import type { Pixels } from '../image/pixels.ts'
import type { Grey } from './grey.ts'

/** A rectangle of a picture, pixels; right and bottom are outside it. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

interface Size {
  readonly width: number
  readonly height: number
}

/** The smallest box that holds all of a mask that is not black, and `padding` around it; undefined for a black mask. */
export function findMaskedBox({ width, height, data }: Grey, padding: number): Box | undefined {
  let [left, top, right, bottom] = [width, height, 0, 0]
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (data[y * width + x] === 0) continue
      left = Math.min(left, x)
      right = Math.max(right, x + 1)
      top = Math.min(top, y)
      bottom = y + 1
    }
  }
  if (right === 0) return undefined
  return {
    left: Math.max(left - padding, 0),
    top: Math.max(top - padding, 0),
    right: Math.min(right + padding, width),
    bottom: Math.min(bottom + padding, height),
  }
}

/** Grows a box to the aspect of a target size: its short side, both ways, moved and cut to stay inside the picture. */
export function expandBox(box: Box, target: Size, picture: Size): Box {
  const [width, height] = [box.right - box.left, box.bottom - box.top]
  const aspect = target.width / target.height
  if (width / height > aspect) {
    const [top, bottom] = growSide(box.top, box.bottom, width / aspect, picture.height)
    return { ...box, top, bottom }
  }
  const [left, right] = growSide(box.left, box.right, height * aspect, picture.width)
  return { ...box, left, right }
}

function growSide(from: number, to: number, wanted: number, limit: number): [number, number] {
  const growth = Math.trunc(wanted - (to - from))
  const before = Math.floor(growth / 2)
  let [start, end] = [from - before, to + growth - before]
  if (end >= limit) [start, end] = [start - (end - limit), limit]
  if (start < 0) [start, end] = [0, Math.min(end - start, limit)]
  return [start, end]
}

/** The part of a picture inside a box; black where the box reaches out of it (a mask larger than its picture). */
export function cropPixels({ width, height, channels, data }: Pixels, box: Box): Pixels {
  const [toWidth, toHeight] = [box.right - box.left, box.bottom - box.top]
  const output = new Uint8Array(toWidth * toHeight * channels)
  const columns = Math.min(box.right, width) - box.left
  if (columns > 0) {
    for (let y = 0; y < Math.min(box.bottom, height) - box.top; y += 1) {
      const from = ((y + box.top) * width + box.left) * channels
      output.set(data.subarray(from, from + columns * channels), y * toWidth * channels)
    }
  }
  return { width: toWidth, height: toHeight, channels, data: output }
}
