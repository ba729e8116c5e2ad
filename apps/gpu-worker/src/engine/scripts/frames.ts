import type { Pixels } from '../image/pixels.ts'
import type { Grey } from '../inpaint/grey.ts'

/** A rectangle as Pillow draws them: right and bottom are inside it, pixels. */
export interface Rectangle {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** A black picture. */
export function createPicture(width: number, height: number): Pixels {
  return { width, height, channels: 3, data: new Uint8Array(width * height * 3) }
}

/** A white mask with a black rectangle in it. */
export function drawFrame(width: number, height: number, { left, top, right, bottom }: Rectangle): Grey {
  const data = new Uint8Array(width * height).fill(255)
  const [from, to] = [Math.max(left, 0), Math.min(right + 1, width)]
  for (let y = Math.max(top, 0); y < Math.min(bottom + 1, height) && from < to; y += 1)
    data.fill(0, y * width + from, y * width + to)
  return { width, height, data }
}

/** Puts an opaque picture into another one, which is changed; what reaches beyond it is cut off. */
export function pastePicture(
  under: Pixels,
  over: Pixels,
  { left, top }: Pick<Rectangle, 'left' | 'top'>,
): void {
  const [from, to] = [Math.max(0, -left), Math.min(over.width, under.width - left)]
  for (let y = Math.max(0, -top); y < Math.min(over.height, under.height - top) && from < to; y += 1) {
    const row = over.data.subarray((y * over.width + from) * 3, (y * over.width + to) * 3)
    under.data.set(row, ((top + y) * under.width + left + from) * 3)
  }
}
