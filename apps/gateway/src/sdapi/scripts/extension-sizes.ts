/** What is added at each side of a picture, pixels. */
export interface Sides {
  readonly left: number
  readonly right: number
  readonly up: number
  readonly down: number
}

/** Sides of an extended picture are whole multiples of this, pixels. */
const MULTIPLE = 64

/**
 * What outpainting really adds where it is asked for a number of pixels: the sides of the whole are rounded up, and what
 * that adds is shared between the sides that are extended.
 */
export function settleExtension(
  { width, height }: { readonly width: number; readonly height: number },
  pixels: number,
  directions: readonly string[],
): Sides {
  const wants = (direction: string) => (directions.includes(direction) ? pixels : 0)
  const [left, right] = share(width, wants('left'), wants('right'))
  const [up, down] = share(height, wants('up'), wants('down'))
  return { left, right, up, down }
}

function share(size: number, before: number, after: number): [number, number] {
  const added = Math.ceil((size + before + after) / MULTIPLE) * MULTIPLE - size
  const first = before > 0 ? Math.floor((before * added) / (before + after)) : 0
  return [first, after > 0 ? added - first : 0]
}
