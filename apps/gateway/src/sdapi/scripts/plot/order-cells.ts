/** A place in a plot. */
export interface Cell {
  /** Along x, y and z. */
  readonly at: readonly [number, number, number]
  /** Counted along x, then y, then z. */
  readonly index: number
}

type Triple = readonly [number, number, number]

/** The cells of a plot in the order in which they are drawn: an axis that is slow to change changes least often. */
export function orderCells(counts: Triple, costs: Triple): Cell[] {
  const [outer, middle, inner] = orderAxes(costs)
  const cells: Cell[] = []
  for (let first = 0; first < counts[outer]!; first += 1) {
    for (let second = 0; second < counts[middle]!; second += 1) {
      for (let third = 0; third < counts[inner]!; third += 1) {
        const at: [number, number, number] = [0, 0, 0]
        at[outer] = first
        at[middle] = second
        at[inner] = third
        cells.push({ at, index: at[0] + counts[0] * (at[1] + counts[1] * at[2]) })
      }
    }
  }
  return cells
}

/** Axes from the outermost: z, y, x, unless one is slower than both others. */
function orderAxes([x, y, z]: Triple): Triple {
  if (x > y && x > z) return y > z ? [0, 1, 2] : [0, 2, 1]
  if (y > x && y > z) return x > z ? [1, 0, 2] : [1, 2, 0]
  if (z > x && z > y) return x > y ? [2, 0, 1] : [2, 1, 0]
  return [2, 1, 0]
}
