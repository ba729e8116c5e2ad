import { resolveWebuiSampling } from '@atelier/catalog'
import type { ExactValue } from '@atelier/catalog/exact-json'
import { fixSeed } from '../generation/draw-seed.ts'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import type { GenerationRequest } from '../request/generation-request.ts'
import { pythonException } from '../errors.ts'
import { refuseTooManyParts } from './limits.ts'
import { parseLine, type LineSettings } from './prompt-line.ts'
import type { Script, ScriptContext } from './script.ts'
import { isTruthy, takeText } from './values.ts'

/** Draws the prompts of a text, line by line; a line may set fields of its request as a command line does. */
export const PROMPTS_FROM_FILE: Script = {
  title: 'prompts from file or textbox',
  args: ['checkbox_iterate', 'checkbox_iterate_batch', 'prompt_position', 'prompt_txt'],
  plan(context) {
    const [counts = null, sharesSeed = null, position = null, text] = context.args
    const lines = takeText(text, 'prompt_txt')
      .split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/)
      .map((line) => line.trim())
      .filter((line) => line !== '')
    if (lines.length === 0) throw pythonException('ValueError', 'prompt_txt holds no prompt')
    let { request } = context
    if (isTruthy(counts) || isTruthy(sharesSeed))
      request = request.with({ seed: fixSeed(request.integer('seed'), context.random) })
    const step = BigInt(request.count('batch_size') * request.count('n_iter'))
    const requests = lines.map((line, index) => {
      const seed = isTruthy(counts) ? { seed: (request.integer('seed') ?? 0n) + step * BigInt(index) } : {}
      return applyLine(request.with(seed), parseLine(line, context.models), position === 'start')
    })
    const images = requests.reduce((sum, one) => sum + one.count('batch_size') * one.count('n_iter'), 0)
    refuseTooManyParts(requests.length, images)
    const parts = requests.map((one) => context.plan(one))
    const repeats = parts.map((plan) => Math.ceil(plan.seeds.length / plan.batchSize))
    const total = repeats.reduce((sum, count) => sum + count, 0)
    const last = isTruthy(counts)
      ? (request.integer('seed') ?? 0n) + step * BigInt(lines.length)
      : request.integer('seed')
    return {
      parts,
      names: parts.map((_, index) => {
        const before = repeats.slice(0, index).reduce((sum, count) => sum + count, 0)
        return `${before + 1} out of ${total}`
      }),
      info: describe(context, parts, last ?? -1n),
      answer: { texts: 'own' },
    }
  },
}

/** What a line sets, over the request; prompts of both are joined, the line's first or last. */
function applyLine(request: GenerationRequest, settings: LineSettings, isFirst: boolean): GenerationRequest {
  const changes: Record<string, ExactValue> = { ...settings.fields }
  for (const field of ['prompt', 'negative_prompt']) {
    const [own, common] = [changes[field], request.text(field)]
    if (typeof own !== 'string' || own === '' || common === null || common === '') continue
    changes[field] = isFirst ? `${own} ${common}` : `${common} ${own}`
  }
  if (settings.checkpoint === undefined) return request.with(changes)
  const overrides = new Map(request.record('override_settings')).set(
    'sd_model_checkpoint',
    settings.checkpoint,
  )
  return request.with({ ...changes, override_settings: overrides })
}

/** A1111 tells of the request as it was, which no generation has filled in. */
function describe(
  context: ScriptContext,
  parts: readonly GenerationPlan[],
  seed: bigint,
): Map<string, ExactValue> {
  const { request } = context
  const prompts = parts.flatMap(({ prompt, seeds }) => seeds.map(() => prompt))
  const base = context.describe(parts.at(-1)!)
  return new Map<string, ExactValue>([
    ...base,
    ['prompt', prompts[0] ?? ''],
    ['all_prompts', prompts],
    ['negative_prompt', request.text('negative_prompt')],
    ['all_negative_prompts', [request.text('negative_prompt')]],
    ['seed', seed],
    ['all_seeds', [seed]],
    ['subseed', -1n],
    ['all_subseeds', [-1n]],
    ...['width', 'height', 'cfg_scale', 'steps', 'batch_size', 'restore_faces', 'denoising_strength'].map(
      (name): [string, ExactValue] => [name, request.value(name)],
    ),
    ['sampler_name', samplerOf(request)],
    ['face_restoration_model', null],
    ['sd_model_name', null],
    ['sd_model_hash', null],
    ['sd_vae_name', null],
    ['sd_vae_hash', null],
    [
      'extra_generation_params',
      context.isImageToImage ? (base.get('extra_generation_params') ?? null) : new Map(),
    ],
  ])
}

/** The sampler the request names, whatever its lines do. */
function samplerOf(request: GenerationRequest): string {
  return resolveWebuiSampling(
    request.text('sampler_name') || request.text('sampler_index'),
    request.text('scheduler'),
  ).sampler.name
}
