/** A picture that is drawn on: rows of red, green and blue, 8 bits each. */
export interface Canvas {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number]

/** A point in pixels, or in fractions of them where that is said. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A black canvas. */
export function createCanvas(width: number, height: number): Canvas {
  return { width, height, data: new Uint8Array(width * height * 3) }
}

/** Sets a pixel; one outside the canvas is left out. */
export function setPixel({ width, height, data }: Canvas, { x, y }: Point, colour: Colour): void {
  if (x >= 0 && x < width && y >= 0 && y < height) data.set(colour, (y * width + x) * 3)
}

/** Fills a row from one column to another, both counted, as far as it is on the canvas. */
export function fillSpan(
  canvas: Canvas,
  { y, from, to }: { readonly y: number; readonly from: number; readonly to: number },
  colour: Colour,
): void {
  if (y < 0 || y >= canvas.height) return
  const last = Math.min(to, canvas.width - 1)
  for (let x = Math.max(from, 0); x <= last; x += 1) setPixel(canvas, { x, y }, colour)
}
