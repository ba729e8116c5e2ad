import { clipLine } from './clip-line.ts'
import { fillSpan, setPixel, type Canvas, type Colour, type Point } from './raster.ts'

/*
 * Shapes pixel for pixel as OpenCV draws them without smoothing (modules/imgproc/src/drawing.cpp): points in 1/65536 of a
 * pixel, edges drawn as lines, then the rows between them filled.
 */

/** Fractions of a pixel. */
const ONE = 65_536
const HALF = ONE / 2

/** A line of single pixels (Bresenham), from left to right. */
function drawLine(canvas: Canvas, from: Point, to: Point, colour: Colour): void {
  const clipped = clipLine(from, to, { right: canvas.width - 1, bottom: canvas.height - 1 })
  if (clipped === undefined) return
  const [start, end] = clipped[0].x <= clipped[1].x ? clipped : [clipped[1], clipped[0]]
  const [across, down] = [end.x - start.x, Math.abs(end.y - start.y)]
  const turn = end.y < start.y ? -1 : 1
  const isSteep = down > across
  const [long, short] = isSteep ? [down, across] : [across, down]
  let error = long - 2 * short
  let [x, y] = [start.x, start.y]
  for (let count = 0; count <= long; count += 1) {
    setPixel(canvas, { x, y }, colour)
    const isStep = error < 0
    error += isStep ? 2 * long - 2 * short : -2 * short
    if (isSteep || isStep) y += turn
    if (!isSteep || isStep) x += 1
  }
}

/** A line between points in fractions of a pixel, stepping along its longer side. */
function drawFineLine(canvas: Canvas, from: Point, to: Point, colour: Colour): void {
  const limits = { right: canvas.width * ONE - 1, bottom: canvas.height * ONE - 1 }
  const clipped = clipLine(from, to, limits)
  if (clipped === undefined) return
  const [along, beside] =
    Math.abs(clipped[1].x - clipped[0].x) > Math.abs(clipped[1].y - clipped[0].y)
      ? (['x', 'y'] as const)
      : (['y', 'x'] as const)
  const [start, end] = clipped[1][along] < clipped[0][along] ? [clipped[1], clipped[0]] : clipped
  const length = end[along] - start[along]
  const slope = Math.trunc(((end[beside] - start[beside]) * ONE) / (length % 2 === 0 ? length + 1 : length))
  const put = (at: number, aside: number) => {
    const point = { [along]: at, [beside]: Math.floor(aside / ONE) }
    setPixel(canvas, point as unknown as Point, colour)
  }
  put(Math.floor((end[along] + HALF) / ONE), end[beside] + HALF)
  const first = Math.floor((start[along] + HALF) / ONE)
  const steps = Math.floor(length / ONE)
  for (let step = 0; step <= steps; step += 1) put(first + step, start[beside] + HALF + step * slope)
}

/** A disc around a pixel. */
export function fillCircle(canvas: Canvas, { x, y }: Point, radius: number, colour: Colour): void {
  let [error, across, down, plus, minus] = [0, radius, 0, 1, 2 * radius - 1]
  while (across >= down) {
    for (const row of [y - down, y + down])
      fillSpan(canvas, { y: row, from: x - across, to: x + across }, colour)
    for (const row of [y - across, y + across])
      fillSpan(canvas, { y: row, from: x - down, to: x + down }, colour)
    down += 1
    error += plus
    plus += 2
    if (error <= 0) continue
    error -= minus
    across -= 1
    minus -= 2
  }
}

/** A line several pixels wide, with round ends. */
export function drawThickLine(
  canvas: Canvas,
  [from, to]: readonly [Point, Point],
  { thickness, colour }: { readonly thickness: number; readonly colour: Colour },
): void {
  const [across, down] = [from.x - to.x, to.y - from.y]
  const half = (thickness * ONE) / 2
  const length = Math.hypot(across, down)
  if (length > 0) {
    const share = (half + (thickness % 2) * HALF) / length
    const [dx, dy] = [roundEven(down * share), roundEven(across * share)]
    const beside = ({ x, y }: Point, side: number) => ({ x: x * ONE + side * dx, y: y * ONE + side * dy })
    const corners = [beside(from, 1), beside(from, -1), beside(to, -1), beside(to, 1)]
    fillPolygon(canvas, corners, { colour, unit: 1 })
  }
  for (const end of [from, to]) fillCircle(canvas, end, Math.floor((half + HALF) / ONE), colour)
}

/** The outline of an ellipse in pixels, a corner a degree; `angle` in whole degrees. */
export function outlineEllipse(
  centre: Point,
  [width, height]: readonly [number, number],
  angle: number,
): Point[] {
  const turned = ((angle % 360) + 360) % 360
  const [cosine, sine] = [sineOf(450 - turned), sineOf(turned)]
  const corners: Point[] = []
  for (let degree = 0; degree <= 360; degree += 1) {
    const [x, y] = [width * sineOf(450 - degree), height * sineOf(degree)]
    const corner = {
      x: roundEven(centre.x + x * cosine - y * sine),
      y: roundEven(centre.y + x * sine + y * cosine),
    }
    const last = corners.at(-1)
    if (last?.x !== corner.x || last.y !== corner.y) corners.push(corner)
  }
  return corners.length === 1 ? [centre, centre] : corners
}

/** Digits of OpenCV's table of sines, whose entries are single floats. */
const SINE_DIGITS = 7

function sineOf(degrees: number): number {
  return Math.fround(Number(Math.sin((degrees * Math.PI) / 180).toFixed(SINE_DIGITS)))
}

/** One side of a polygon that is followed downwards. */
interface Side {
  corner: number
  readonly direction: number
  /** Where it is in the present row, and how far it goes in each, in fractions of a pixel. */
  x: number
  slope: number
  /** The row at which the present edge ends. */
  endRow: number
}

/** Fills a convex polygon; `unit` 1: its corners are in fractions of a pixel, `ONE`: in pixels. */
export function fillPolygon(
  canvas: Canvas,
  corners: readonly Point[],
  { colour, unit = ONE }: { readonly colour: Colour; readonly unit?: number },
): void {
  corners.forEach((corner, index) => {
    const before = corners.at(index - 1)!
    if (unit === ONE) drawLine(canvas, before, corner, colour)
    else drawFineLine(canvas, before, corner, colour)
  })
  const fractions = corners.map(({ x, y }) => ({ x: x * unit, y: y * unit }))
  const rows = fractions.map(({ y }) => Math.floor((y + (unit === ONE ? 0 : HALF)) / ONE))
  const [top, bottom] = [Math.min(...rows), Math.min(Math.max(...rows), canvas.height - 1)]
  if (corners.length < 3 || top >= canvas.height || bottom < 0) return
  const highest = fractions.reduce((best, { y }, index) => (y < fractions[best]!.y ? index : best), 0)
  const sides = [1, -1].map((direction): Side => ({
    ...{ corner: highest, direction, x: -ONE, slope: 0 },
    endRow: top,
  })) as [Side, Side]
  let edges = corners.length
  for (let row = top; row <= bottom; row += 1) {
    for (const side of sides)
      if (row >= side.endRow) edges -= turnCorner(side, { row, rows, fractions, edges })
    const [left, right] = sides[0].x > sides[1].x ? [sides[1], sides[0]] : sides
    const [from, to] = [left, right].map(({ x }) => Math.floor((x + HALF) / ONE)) as [number, number]
    fillSpan(canvas, { y: row, from, to }, colour)
    for (const side of sides) side.x += side.slope
  }
}

/** Follows a side to the edge that goes below a row, and gives how many edges that took. */
function turnCorner(
  side: Side,
  {
    row,
    rows,
    fractions,
    edges,
  }: {
    readonly row: number
    readonly rows: readonly number[]
    readonly fractions: readonly Point[]
    readonly edges: number
  },
): number {
  const count = fractions.length
  let before = side.corner
  let next = (before + side.direction + count) % count
  for (let used = 1; used <= edges; used += 1) {
    const height = rows[next]! - row
    if (height > 0) {
      const [start, end] = [fractions[before]!.x, fractions[next]!.x]
      side.endRow = rows[next]!
      side.slope = Math.trunc(((end - start) * 2 + height) / (2 * height))
      side.x = start
      side.corner = next
      return used
    }
    before = next
    next = (next + side.direction + count) % count
  }
  return edges
}

/** The nearest whole number, halves to the even one. */
export function roundEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
