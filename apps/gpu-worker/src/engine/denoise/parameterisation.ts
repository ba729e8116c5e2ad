import type { PredictionKind } from '@atelier/catalog'

/** Deviation of the data in EDM's preconditioning (Karras et al. 2022, arXiv 2206.00364, table 1). */
const EDM_DEVIATION = 0.5

/** Deviation of the data a kind of network was trained with. */
export function dataDeviationOf(kind: PredictionKind): number {
  return kind === 'edm' ? EDM_DEVIATION : 1
}

/** Factor on the latent before it enters the network (variance exploding to preserving). */
export function inputScale(sigma: number, dataDeviation = 1): number {
  return 1 / Math.sqrt(sigma * sigma + dataDeviation ** 2)
}

/** Factor on the latent before it enters a network of a kind. */
export function networkInputScale(kind: PredictionKind, sigma: number): number {
  return kind === 'image' || kind === 'flow' ? 1 : inputScale(sigma, dataDeviationOf(kind))
}

/** Factors of latent and output in the denoised latent: `latent * fromLatent + output * fromOutput`. */
export function denoisedFactors(
  kind: PredictionKind,
  sigma: number,
  dataDeviation = dataDeviationOf(kind),
): { fromLatent: number; fromOutput: number } {
  if (kind === 'epsilon' || kind === 'flow') return { fromLatent: 1, fromOutput: -sigma }
  if (kind === 'x0' || kind === 'image') return { fromLatent: 0, fromOutput: 1 }
  const variance = dataDeviation ** 2
  const total = sigma * sigma + variance
  const sign = kind === 'v' ? -1 : 1
  return {
    fromLatent: variance / total,
    fromOutput: (sign * sigma * dataDeviation) / Math.sqrt(total),
  }
}
