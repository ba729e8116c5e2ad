import {
  formatExactJson,
  isExactObject,
  parseExactJson,
  toExact,
  toPlain,
  type ExactObject,
  type ExactValue,
} from '@atelier/catalog/exact-json'
import { BlobRef } from '@atelier/proto'
import type { GenerationPlan } from './generation-plan.ts'
import type { Parameter } from './parameters/parameter.ts'
import { toShortHash, toStem } from './resolve-checkpoint.ts'
import { toVaeName } from './resolve-vae.ts'
import { WEBUI_VERSION } from './write-infotext.ts'

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
  /** Absent in notes of earlier programs. */
  readonly echo: Echo | undefined
}

/** What travels with a generation job, so that whoever asks, and wherever, gets the answer a waiting client got. */
export function toSurfaceNote(plan: GenerationPlan, parameters: readonly Parameter[], echo: Echo): string {
  const { route, changed } = echo
  const echoed: [string, ExactValue] =
    changed instanceof Map ? ['parameters', changed] : ['parameters_blob', toExact({ ...changed })]
  return formatExactJson(
    new Map<string, ExactValue>([['info', toInfoTemplate(plan, parameters)], ['route', route], echoed]),
  )
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
    ['is_using_inpainting_conditioning', false],
    ['version', WEBUI_VERSION],
  ])
}

/** Reads a note; empty for a job that has none. */
export function parseSurfaceNote(text: string): SurfaceNote {
  const note = text === '' ? new Map() : parseExactJson(text)
  if (!isExactObject(note)) return { info: new Map(), echo: undefined }
  const info = note.get('info')
  // Earlier programs wrote `info` itself.
  if (info === undefined || !isExactObject(info)) return { info: note, echo: undefined }
  return { info, echo: readEchoOf(note) }
}

function readEchoOf(note: ExactObject): Echo | undefined {
  const route = note.get('route') === 'img2img' ? 'img2img' : 'txt2img'
  const [changed, blob] = [note.get('parameters'), note.get('parameters_blob')]
  if (changed !== undefined && isExactObject(changed)) return { route, changed }
  if (blob === undefined || !isExactObject(blob)) return undefined
  return { route, changed: BlobRef.fromPartial(toPlain(blob) as Partial<BlobRef>) }
}
