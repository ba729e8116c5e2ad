import type { GenerationJob, JobRecord } from '@atelier/proto'
import { formatExactJson, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { listSeeds } from '../generation/draw-seed.ts'
import { readInfotexts } from './made-infotexts.ts'
import type { GenerationRequest } from '../request/generation-request.ts'
import { ANSWER_KEYS, parseSurfaceNote, tellInfo } from './surface-note.ts'

/** Fields that img2img echoes as null unless asked otherwise: pictures are large. */
const PICTURE_FIELDS = ['init_images', 'mask']

/** What an answer is written from. */
export interface AnswerParts {
  readonly request: GenerationRequest
  readonly record: JobRecord
  /** Pictures, base64; a grid comes first. */
  readonly images: readonly string[]
  readonly hasGrid: boolean
}

/** The answer of txt2img and img2img: pictures, the request with its defaults, and `info` as JSON text. */
export function toGenerationResponse(parts: AnswerParts): ExactObject {
  return new Map<string, ExactValue>([
    ['images', parts.request.value('send_images') === false ? [] : [...parts.images]],
    ['parameters', echoFields(parts.request)],
    ['info', formatExactJson(toInfo(parts))],
  ])
}

/** The request's fields, pictures left out unless they are asked for. */
export function echoFields(request: GenerationRequest): ExactObject {
  const parameters = new Map(request.fields)
  if (request.flag('include_init_images')) return parameters
  for (const field of PICTURE_FIELDS) if (parameters.has(field)) parameters.set(field, null)
  return parameters
}

/** What `info` says of a job that ended. */
export function toInfo({ record, hasGrid }: Pick<AnswerParts, 'record' | 'hasGrid'>): ExactObject {
  const generation = toGeneration(record)
  const images = generation?.images ?? []
  const info = tellInfo(parseSurfaceNote(record.job?.surfaceNote ?? ''), record)
  const isVaried = Number(info.get('subseed_strength') ?? 0) !== 0
  const seedOf = (key: string) => (typeof info.get(key) === 'bigint' ? (info.get(key) as bigint) : 0n)
  const texts = readInfotexts(record)
  const made = (record.result?.imageIndexes ?? []).map((index) => texts[index] ?? '')
  const values: Record<string, ExactValue> = {
    prompt: images[0]?.prompt ?? '',
    all_prompts: images.map(({ prompt }) => prompt),
    negative_prompt: images[0]?.negativePrompt ?? '',
    all_negative_prompts: images.map(({ negativePrompt }) => negativePrompt),
    [ANSWER_KEYS.seeds]: listSeeds(seedOf('seed'), images.length, isVaried),
    [ANSWER_KEYS.subseeds]: listSeeds(seedOf('subseed'), images.length, false),
    [ANSWER_KEYS.first]: hasGrid ? 1n : 0n,
    // A grid carries the text of its first picture.
    [ANSWER_KEYS.infotexts]: hasGrid ? [...made.slice(0, 1), ...made] : made,
    [ANSWER_KEYS.timestamp]: toTimestamp(record.startedAtMs),
  }
  for (const [key, value] of Object.entries(values)) info.set(key, value)
  return info
}

function toGeneration({ job }: JobRecord): GenerationJob | undefined {
  return job?.kind?.$case === 'generation' ? job.kind.value : undefined
}

/** YYYYMMDDHHMMSS in local time. */
export function toTimestamp(timeMs: number): string {
  const time = new Date(timeMs)
  const parts = [time.getMonth() + 1, time.getDate(), time.getHours(), time.getMinutes(), time.getSeconds()]
  return `${time.getFullYear()}${parts.map((part) => String(part).padStart(2, '0')).join('')}`
}
