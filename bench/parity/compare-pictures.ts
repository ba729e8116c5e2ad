/** Share of the bytes of a picture that may differ, by one. */
const PICTURE_SHARE = 0.02

/** A picture's error: a byte off by more than one is out of tolerance, and so are too many off by one. */
export function comparePictureBytes(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity
  let [worst, changed] = [0, 0]
  for (let i = 0; i < expected.length; i += 1) {
    const distance = Math.abs(actual[i]! - expected[i]!)
    if (distance > 0) changed += 1
    worst = Math.max(worst, distance)
  }
  return !(worst <= 1) ? Infinity : changed / expected.length / PICTURE_SHARE
}
