import type { Pixels } from '../image/pixels.ts'
import { fromLab, toLab } from './lab.ts'

/** Values a byte can have. */
const LEVELS = 256
/** Shares of red, green and blue in luminosity (W3C compositing, non-separable blend modes). */
const SHARES = [0.3, 0.59, 0.11] as const

/** Gives a picture [3 channels] the colour histogram of its source, its own luminosity kept. */
export function correctColours(picture: Pixels, source: Pixels): Pixels {
  const lab = toLab(picture.data)
  const wanted = toLab(source.data)
  const matched = new Uint8Array(lab.length)
  for (let channel = 0; channel < 3; channel += 1) {
    const levels = matchLevels(countLevels(lab, channel), countLevels(wanted, channel))
    for (let at = channel; at < lab.length; at += 3) matched[at] = levels[lab[at]!]!
  }
  return { ...picture, data: takeLuminosity(fromLab(matched), picture.data) }
}

function countLevels(data: Uint8Array, channel: number): Float64Array {
  const counts = new Float64Array(LEVELS)
  for (let at = channel; at < data.length; at += 3) counts[data[at]!]! += 1
  return counts
}

/** The level of the wanted histogram at each level's quantile, interpolated between those that occur. */
function matchLevels(own: Float64Array, wanted: Float64Array): Uint8Array {
  const quantiles = cumulate(own)
  const cumulated = cumulate(wanted)
  const points = [...wanted.keys()].filter((level) => wanted[level]! > 0)
  return Uint8Array.from(quantiles, (quantile) => {
    const next = points.findIndex((level) => cumulated[level]! >= quantile)
    if (next <= 0) return points[next === 0 ? 0 : points.length - 1]!
    const [before, after] = [points[next - 1]!, points[next]!]
    const share = (quantile - cumulated[before]!) / (cumulated[after]! - cumulated[before]!)
    return before + share * (after - before)
  })
}

function cumulate(counts: Float64Array): Float64Array {
  const total = counts.reduce((sum, count) => sum + count, 0)
  let sum = 0
  return counts.map((count) => (sum += count) / total)
}

function takeLuminosity(colours: Uint8Array, like: Uint8Array): Uint8Array {
  const output = new Uint8Array(colours.length)
  for (let at = 0; at < colours.length; at += 3) {
    const luminosity = luminosityOf(like, at)
    const change = luminosity - luminosityOf(colours, at)
    const moved = [0, 1, 2].map((c) => colours[at + c]! / 255 + change)
    const [lowest, highest] = [Math.min(...moved), Math.max(...moved)]
    moved.forEach((value, c) => {
      let held = value
      if (lowest < 0) held = luminosity + ((held - luminosity) * luminosity) / (luminosity - lowest)
      if (highest > 1) held = luminosity + ((held - luminosity) * (1 - luminosity)) / (highest - luminosity)
      output[at + c] = Math.min(Math.max(Math.trunc(held * 255 + 1e-6), 0), 255)
    })
  }
  return output
}

function luminosityOf(colours: Uint8Array, at: number): number {
  return SHARES.reduce((sum, share, c) => sum + (share * colours[at + c]!) / 255, 0)
}
