import type { GenerationRequest } from './request/generation-request.ts'

/**
 * What of a request is accepted and has no effect yet, by field. The pages of docs/ list the same; a feature that is
 * built leaves both.
 */
export function listNotActedOn(request: GenerationRequest): string[] {
  const isAsked: Readonly<Record<string, boolean>> = {
    restore_faces: request.flag('restore_faces'),
    script_name: (request.text('script_name') ?? '') !== '',
    alwayson_scripts: [...request.record('alwayson_scripts').keys()].some(
      (name) => name.toLowerCase() !== 'lora',
    ),
  }
  return Object.keys(isAsked).filter((name) => isAsked[name] === true)
}
