/**
 * Numbers of rows that calls have on a device that prepares each shape at its first call: cuDNN searches the kernels of
 * every convolution then. Above the last, multiples of it.
 */
const BUCKETS = [1, 2, 4, 6, 8, 12, 16, 24, 32] as const
const LAST = BUCKETS.at(-1)!

/** The number of rows a call has that must hold so many. */
export function toBucket(rows: number): number {
  return BUCKETS.find((bucket) => bucket >= rows) ?? LAST * Math.ceil(rows / LAST)
}

/**
 * How many of the requests, the first ones, make the cheapest call for each of their rows: those that fill a bucket may
 * leave others to the next call where that is measured to cost less than rows of nobody.
 */
export function chooseFill(
  rowsOfRequests: readonly number[],
  secondsOf: (rows: number) => number | undefined,
): number {
  const all = rowsOfRequests.reduce((sum, rows) => sum + rows, 0)
  if (toBucket(all) === all) return rowsOfRequests.length
  let [total, best] = [0, { count: rowsOfRequests.length, perRow: Infinity }]
  for (const [index, rows] of rowsOfRequests.entries()) {
    total += rows
    const seconds = secondsOf(toBucket(total))
    // Not everything is measured yet: it is found out by calling all of them.
    if (seconds === undefined && total === all) return rowsOfRequests.length
    if (seconds !== undefined && seconds / total <= best.perRow)
      best = { count: index + 1, perRow: seconds / total }
  }
  return best.count
}
