import type { GenerationJob } from '@atelier/proto'
import { hasControlUnits } from './control/read-units.ts'
import type { GenerationRequest } from './request/generation-request.ts'

/** Always-on scripts that are acted on, or have nothing to do. */
const ACTED_ON = new Set([
  'controlnet',
  'lora',
  ...['refiner', 'sampler', 'seed', 'comments', 'extra options', 'soft inpainting', 'hypertile'],
])

/**
 * What of a request is accepted and has no effect yet, by field. The pages of docs/ list the same; a feature that is
 * built leaves both.
 */
export function listNotActedOn(request: GenerationRequest, job: GenerationJob): string[] {
  const isAsked: Readonly<Record<string, boolean>> = {
    restore_faces: request.flag('restore_faces'),
    alwayson_scripts: [...request.record('alwayson_scripts').keys()].some(
      (name) => !ACTED_ON.has(name.toLowerCase()),
    ),
    controlnet: hasControlUnits(request) && job.controls.length === 0,
  }
  return Object.keys(isAsked).filter((name) => isAsked[name] === true)
}
