import type { ModelFamily } from '@atelier/catalog'
import type { WeightFile } from '../checkpoint/weight-file.ts'

/** What trainers write about the model they trained on, by how it begins. */
const BASES: readonly (readonly [start: string, family: ModelFamily])[] = [
  ['sdxl_', 'sdxl'],
  ['sd_v1', 'sd1'],
  ['sd_v2', 'sd2'],
  ['stable-diffusion-xl-v1-refiner', 'sdxl-refiner'],
  ['stable-diffusion-xl', 'sdxl'],
  ['stable-diffusion-v1', 'sd1'],
  ['stable-diffusion-v2', 'sd2'],
]
/** Names of a second text encoder, which SDXL alone has. */
const SECOND_ENCODER = /^(lora_te2_|text_encoder_2\.)/

/** The family an adapter says it was made for, or undefined when it does not. */
export function declareFamily({ metadata, tensors }: WeightFile): ModelFamily | undefined {
  const told = [metadata['ss_base_model_version'], metadata['modelspec.architecture']]
  const known = BASES.find(([start]) => told.some((text) => text?.startsWith(start)))
  if (known !== undefined) return known[1]
  if (metadata['ss_v2'] === 'True') return 'sd2'
  return [...tensors.keys()].some((name) => SECOND_ENCODER.test(name)) ? 'sdxl' : undefined
}
