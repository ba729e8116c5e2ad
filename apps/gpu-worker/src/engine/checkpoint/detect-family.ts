import type { ModelFamily } from '@atelier/catalog'
import type { UnetConfig } from './detect-unet.ts'
import type { WeightFile } from './weight-file.ts'

/** Width of each number's waves in a label vector, and how many numbers base and refiner take (SDXL, arXiv 2307.01952). */
const LABEL = { waves: 256, baseNumbers: 6, refinerNumbers: 5 }

/** A text encoder of each SDXL model that the other does not have in that place. */
const BASE_ENCODER = 'conditioner.embedders.1.model.token_embedding.weight'
const REFINER_ENCODER = 'conditioner.embedders.0.model.token_embedding.weight'

/** The family a UNet belongs to, or undefined. */
export function detectFamily(file: WeightFile, unet: UnetConfig): ModelFamily | undefined {
  const { labelWidth, contextWidth, hasLinearProjections, levels } = unet
  if (labelWidth === 0) return hasLinearProjections ? 'sd2' : 'sd1'
  // An unCLIP is an SD2 that is told pictures in its label: it has transformers where the picture is largest.
  if (levels[0]!.depths.some((depth) => depth > 0))
    return hasLinearProjections && labelWidth % 2 === 0 ? 'sd2' : undefined
  if (file.tensors.has(BASE_ENCODER)) return 'sdxl'
  if (file.tensors.has(REFINER_ENCODER)) return 'sdxl-refiner'
  const pooledWidth = (numbers: number) => labelWidth - numbers * LABEL.waves
  // The refiner's context is its only encoder's, and its narrowest level has no transformers; the base's context is wider
  // than the pooled vector by another encoder.
  const isRefinerWidth = pooledWidth(LABEL.refinerNumbers) === contextWidth
  if (isRefinerWidth && levels.at(-1)!.depths.every((depth) => depth === 0)) return 'sdxl-refiner'
  const pooled = pooledWidth(LABEL.baseNumbers)
  return pooled > 0 && contextWidth > pooled ? 'sdxl' : undefined
}
