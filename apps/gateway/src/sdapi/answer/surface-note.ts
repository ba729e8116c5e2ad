import {
  formatExactJson,
  isExactObject,
  parseExactJson,
  toExact,
  toPlain,
  type ExactObject,
  type ExactValue,
} from '@atelier/catalog/exact-json'
import { BlobRef, type JobRecord } from '@atelier/proto'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import { isShownMask } from '../generation/model-conditions.ts'
import type { Parameter } from '../parameters/parameter.ts'
import { toShortHash, toStem } from '../generation/resolve-checkpoint.ts'
import { toVaeName } from '../generation/resolve-vae.ts'
import { WEBUI_VERSION } from '../infotext/write-infotext.ts'

/** Keys of `info` that are worked out when the answer is written; their places are kept by null. */
export const ANSWER_KEYS = {
  before: ['prompt', 'all_prompts', 'negative_prompt', 'all_negative_prompts'],
  first: 'index_of_first_image',
  infotexts: 'infotexts',
  timestamp: 'job_timestamp',
  seeds: 'all_seeds',
  subseeds: 'all_subseeds',
} as const

/** The request as the answer's `parameters` echo it: the fields that are not as they are by default. */
export interface Echo {
  readonly route: 'txt2img' | 'img2img'
  /** Here, or, where they are large, stored. */
  readonly changed: ExactObject | BlobRef
}

/** What a job's note holds. */
export interface SurfaceNote {
  /** The answer's `info`, see `toInfoTemplate`. */
  readonly info: ExactObject
  /** Parameters told only where the run came upon an event: its number by their key. */
  readonly told: ReadonlyMap<string, ExactValue>
  /** Absent in notes of earlier programs. */
  readonly echo: Echo | undefined
}

/** What travels with a generation job, so that whoever asks, and wherever, gets the answer a waiting client got. */
export function toSurfaceNote(plan: GenerationPlan, parameters: readonly Parameter[], echo: Echo): string {
  return formatExactJson(
    new Map<string, ExactValue>([
      ['info', toInfoTemplate(plan, parameters)],
      ['told', listTold(parameters)],
      ...listEcho(echo),
    ]),
  )
}

/** What notes keep of a request for its echo. */
export function listEcho({ route, changed }: Echo): [string, ExactValue][] {
  return [
    ['route', route],
    changed instanceof Map ? ['parameters', changed] : ['parameters_blob', toExact({ ...changed })],
  ]
}

/** The events that parameters are told of, by their key. */
export function listTold(parameters: readonly Parameter[]): ExactObject {
  return new Map(
    parameters.flatMap(({ key, event }): [string, ExactValue][] =>
      event === undefined ? [] : [[key, BigInt(event)]],
    ),
  )
}

/** A note's `info` of a job that has ended: of the run what it came upon alone, in the order it did. */
export function tellInfo(
  { info, told }: Pick<SurfaceNote, 'info' | 'told'>,
  { result }: Pick<JobRecord, 'result'>,
): ExactObject {
  const parameters = info.get('extra_generation_params')
  // Workers of earlier programs tell nothing of their runs.
  const isTold = result !== undefined && result.infotexts.length > 0
  if (parameters === undefined || !isExactObject(parameters) || told.size === 0 || !isTold) return info
  const come = result.runEvents.flatMap((event) =>
    [...parameters].filter(([key]) => told.get(key) === BigInt(event)),
  )
  const entries = [...parameters]
  const first = entries.findIndex(([key]) => told.has(key))
  const isAlways = ([key]: [string, ExactValue]) => !told.has(key)
  const kept = [...entries.slice(0, first), ...come, ...entries.slice(first).filter(isAlways)]
  return new Map([...info, ['extra_generation_params', new Map(kept)]])
}

/**
 * What the answer's `info` says of a plan, all but prompts, lists of seeds and what the run gives: it tells of the job
 * that ran, not of a later request's choices.
 */
export function toInfoTemplate(plan: GenerationPlan, parameters: readonly Parameter[]): ExactObject {
  const { request, options, checkpoint, vae } = plan
  const echo = (name: string): ExactValue => request.value(name)
  return new Map<string, ExactValue>([
    ...ANSWER_KEYS.before.map((key): [string, ExactValue] => [key, null]),
    ['seed', plan.seeds[0] ?? 0n],
    [ANSWER_KEYS.seeds, null],
    ['subseed', plan.subseeds[0] ?? 0n],
    [ANSWER_KEYS.subseeds, null],
    ['subseed_strength', echo('subseed_strength')],
    ['width', BigInt(plan.width)],
    ['height', BigInt(plan.height)],
    ['sampler_name', plan.sampling.sampler.name],
    ['cfg_scale', echo('cfg_scale')],
    ['steps', echo('steps')],
    ['batch_size', echo('batch_size')],
    ['restore_faces', plan.faceRestorer !== undefined],
    ['face_restoration_model', plan.faceRestorer ?? null],
    ['sd_model_name', toStem(checkpoint)],
    ['sd_model_hash', toShortHash(checkpoint) ?? null],
    ['sd_vae_name', vae === undefined ? null : toVaeName(vae)],
    ['sd_vae_hash', (vae && toShortHash(vae)) ?? null],
    ['seed_resize_from_w', echo('seed_resize_from_w')],
    ['seed_resize_from_h', echo('seed_resize_from_h')],
    ['denoising_strength', echo('denoising_strength')],
    ['extra_generation_params', new Map(parameters.map(({ key, value }) => [key, value]))],
    [ANSWER_KEYS.first, 0n],
    [ANSWER_KEYS.infotexts, null],
    ['styles', echo('styles') ?? []],
    [ANSWER_KEYS.timestamp, null],
    ['clip_skip', options.get('CLIP_stop_at_last_layers') ?? 1n],
    ['is_using_inpainting_conditioning', isShownMask(plan)],
    ['version', WEBUI_VERSION],
  ])
}

/** Reads a note; empty for a job that has none. */
export function parseSurfaceNote(text: string): SurfaceNote {
  const note = text === '' ? new Map() : parseExactJson(text)
  if (!isExactObject(note)) return { info: new Map(), told: new Map(), echo: undefined }
  const info = note.get('info')
  // Earlier programs wrote `info` itself.
  if (info === undefined || !isExactObject(info)) return { info: note, told: new Map(), echo: undefined }
  const told = note.get('told')
  return { info, told: told !== undefined && isExactObject(told) ? told : new Map(), echo: readEchoOf(note) }
}

function readEchoOf(note: ExactObject): Echo | undefined {
  const route = note.get('route') === 'img2img' ? 'img2img' : 'txt2img'
  const [changed, blob] = [note.get('parameters'), note.get('parameters_blob')]
  if (changed !== undefined && isExactObject(changed)) return { route, changed }
  if (blob === undefined || !isExactObject(blob)) return undefined
  return { route, changed: BlobRef.fromPartial(toPlain(blob) as Partial<BlobRef>) }
}
