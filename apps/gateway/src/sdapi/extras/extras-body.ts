import {
  formatExactJson,
  isExactObject,
  parseExactJson,
  type ExactObject,
  type ExactValue,
} from '@atelier/catalog/exact-json'

/** What an extras answer says besides its pictures. */
export interface ExtrasNote {
  /** `html_info`. */
  readonly html: string
  /** Whether the request was one for several pictures. */
  readonly isBatch: boolean
}

/** The body of an extras answer; pictures in base64. */
export function toExtrasBody({ html, isBatch }: ExtrasNote, images: readonly string[]): ExactObject {
  const made: [string, ExactValue] = isBatch ? ['images', [...images]] : ['image', images[0] ?? '']
  return new Map<string, ExactValue>([['html_info', html], made])
}

/** The note of an extras job, for whoever asks for its answer later. */
export function formatExtrasNote({ html, isBatch }: ExtrasNote): string {
  return formatExactJson(
    new Map<string, ExactValue>([
      ['html_info', html],
      ['is_batch', isBatch],
    ]),
  )
}

/** Reads such a note; undefined for a job that has none. */
export function parseExtrasNote(text: string): ExtrasNote | undefined {
  const note = text === '' ? undefined : parseExactJson(text)
  if (note === undefined || !isExactObject(note)) return undefined
  return { html: String(note.get('html_info') ?? ''), isBatch: note.get('is_batch') === true }
}
