import type { Point } from './raster.ts'

/**
 * The part of a line that lies within 0 to `right` and 0 to `bottom`, ends rounded towards their start as OpenCV's
 * clipLine rounds them; undefined when it lies outside.
 */
export function clipLine(
  from: Point,
  to: Point,
  { right, bottom }: { readonly right: number; readonly bottom: number },
): [Point, Point] | undefined {
  let ends: [Point, Point] = [from, to]
  for (const [axis, limit] of [
    ['y', bottom],
    ['x', right],
  ] as const) {
    if (isBeyond(ends, axis, limit)) return undefined
    if (axis === 'y' && isBeyond(ends, 'x', right)) return undefined
    ends = clipAxis(ends, axis, limit)
  }
  return isBeyond(ends, 'x', right) ? undefined : ends
}

type Axis = 'x' | 'y'

/** Whether both ends are on one outer side. */
function isBeyond([a, b]: readonly [Point, Point], axis: Axis, limit: number): boolean {
  return (a[axis] < 0 && b[axis] < 0) || (a[axis] > limit && b[axis] > limit)
}

/** Moves the ends along the line, the first one first, until they are within the limits of an axis. */
function clipAxis([first, second]: readonly [Point, Point], axis: Axis, limit: number): [Point, Point] {
  const start = moveInside(first, [first, second], axis, limit)
  return [start, moveInside(second, [start, second], axis, limit)]
}

function moveInside(end: Point, [a, b]: readonly [Point, Point], axis: Axis, limit: number): Point {
  if (end[axis] >= 0 && end[axis] <= limit) return end
  const other = axis === 'x' ? 'y' : 'x'
  const bound = end[axis] < 0 ? 0 : limit
  const moved = end[other] + Math.trunc(((bound - end[axis]) * (b[other] - a[other])) / (b[axis] - a[axis]))
  return { [axis]: bound, [other]: moved } as unknown as Point
}
