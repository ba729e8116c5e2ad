import type { LoraRef } from '@atelier/proto'
import { toModelRef, type ModelIndex } from '../models/model-index.ts'
import { parseExtraNetworks, toLoraRequest } from './extra-networks.ts'
import { findLora } from './lists/loras.ts'
import type { GenerationRequest } from './request/generation-request.ts'

/** LoRAs a prompt names and a worker has; others are passed over, as A1111 does with a note in its console. */
export function toLoras(
  { prompt, request }: { readonly prompt: string; readonly request: GenerationRequest },
  models: ModelIndex,
): LoraRef[] {
  if (request.flag('disable_extra_networks')) return []
  try {
    return parseExtraNetworks(prompt).tags.flatMap((tag) => {
      const wanted = toLoraRequest(tag)
      const file = wanted && findLora(models, wanted.name)
      if (wanted === undefined || file === undefined) return []
      const { denoiserStrength, textStrength } = wanted
      return [{ file: toModelRef(file), denoiserStrength, textStrength }]
    })
  } catch (error) {
    // A strength that is no number leaves the job without networks.
    if (error instanceof RangeError) return []
    throw error
  }
}
