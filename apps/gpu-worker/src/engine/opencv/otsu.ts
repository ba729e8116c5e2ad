import type { ByteRaster } from './raster.ts'

/** White above the threshold that parts the values best (Otsu 1979), black below; one channel. */
export function splitByOtsu(source: ByteRaster): ByteRaster {
  const threshold = findThreshold(source.data)
  return { ...source, data: source.data.map((value) => (value > threshold ? 255 : 0)) }
}

function findThreshold(data: Uint8Array): number {
  const counts = new Float64Array(256)
  for (const value of data) counts[value] = counts[value]! + 1
  const share = 1 / data.length
  const mean = counts.reduce((sum, count, value) => sum + count * value, 0) * share
  let [lower, lowerMean, best, threshold] = [0, 0, 0, 0]
  for (let value = 0; value < 256; value += 1) {
    const own = counts[value]! * share
    lowerMean *= lower
    lower += own
    const upper = 1 - lower
    if (Math.min(lower, upper) < 2 ** -23 || Math.max(lower, upper) > 1 - 2 ** -23) continue
    lowerMean = (lowerMean + value * own) / lower
    const upperMean = (mean - lower * lowerMean) / upper
    const variance = lower * upper * (lowerMean - upperMean) ** 2
    if (variance > best) [best, threshold] = [variance, value]
  }
  return threshold
}
