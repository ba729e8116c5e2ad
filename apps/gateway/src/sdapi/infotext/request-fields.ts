import type { ParsedInfotext, ParsedValue } from './parse-infotext.ts'

/** A value of an infotext that does not fit the request field it is for. */
export class InfotextFieldError extends Error {
  override readonly name = 'InfotextFieldError'
}

type FieldType = 'text' | 'int' | 'float' | 'list'

interface FieldMapping {
  readonly key: string
  readonly field: string
  readonly type: FieldType
}

const map = (type: FieldType, key: string, field: string): FieldMapping => ({ key, field, type })

const commonFields: readonly FieldMapping[] = [
  map('int', 'Steps', 'steps'),
  map('text', 'Sampler', 'sampler_name'),
  map('text', 'Schedule type', 'scheduler'),
  map('int', 'Seed', 'seed'),
  map('int', 'Variation seed', 'subseed'),
  map('float', 'Variation seed strength', 'subseed_strength'),
  // The original swaps the two axes here.
  map('int', 'Seed resize from-1', 'seed_resize_from_h'),
  map('int', 'Seed resize from-2', 'seed_resize_from_w'),
  map('text', 'Refiner', 'refiner_checkpoint'),
  map('float', 'Refiner switch at', 'refiner_switch_at'),
]

const textToImageFields: readonly FieldMapping[] = [
  map('text', 'Prompt', 'prompt'),
  map('text', 'Negative prompt', 'negative_prompt'),
  map('float', 'CFG scale', 'cfg_scale'),
  map('int', 'Size-1', 'width'),
  map('int', 'Size-2', 'height'),
  map('int', 'Batch size', 'batch_size'),
  map('list', 'Styles array', 'styles'),
  map('float', 'Denoising strength', 'denoising_strength'),
  map('float', 'Hires upscale', 'hr_scale'),
  map('text', 'Hires upscaler', 'hr_upscaler'),
  map('int', 'Hires steps', 'hr_second_pass_steps'),
  map('int', 'Hires resize-1', 'hr_resize_x'),
  map('int', 'Hires resize-2', 'hr_resize_y'),
  map('text', 'Hires checkpoint', 'hr_checkpoint_name'),
  map('text', 'Hires sampler', 'hr_sampler_name'),
  map('text', 'Hires schedule type', 'hr_scheduler'),
  map('text', 'Hires prompt', 'hr_prompt'),
  map('text', 'Hires negative prompt', 'hr_negative_prompt'),
]

/** A value for a request field. */
export type RequestValue = string | bigint | number | boolean | readonly string[]

function convert(value: ParsedValue, { key, type }: FieldMapping): RequestValue {
  if (type === 'list') return Array.isArray(value) ? (value as readonly string[]) : [...String(value)]
  if (type === 'text') return String(value)
  const text = String(value).trim()
  // Seeds have more digits than a number keeps.
  if (type === 'int' && /^[+-]?\d+$/.test(text)) return BigInt(text.replace('+', ''))
  if (type === 'int' || text === '' || Number.isNaN(Number(text)))
    throw new InfotextFieldError(`${key}: "${text}" is not a number`)
  return Number(text)
}

function enablesHires(parsed: ParsedInfotext): boolean {
  const hasTarget = ['Hires upscale', 'Hires upscaler', 'Hires resize-1'].some((key) => parsed.has(key))
  return parsed.has('Denoising strength') && hasTarget
}

/**
 * The request fields an infotext sets, by A1111's names; the caller keeps those its client sent itself. txt2img takes
 * prompts, size and hires fix too, img2img only sampling.
 * @throws InfotextFieldError
 */
export function toRequestFields(
  parsed: ParsedInfotext,
  target: 'txt2img' | 'img2img',
): Map<string, RequestValue> {
  const mappings = target === 'txt2img' ? [...textToImageFields, ...commonFields] : commonFields
  const fields = new Map<string, RequestValue>()
  for (const mapping of mappings) {
    const value = parsed.get(mapping.key)
    if (value !== undefined) fields.set(mapping.field, convert(value, mapping))
  }
  if (target === 'txt2img') fields.set('enable_hr', enablesHires(parsed))
  return fields
}

/** An option that has a name in infotexts. */
export interface InfotextOption {
  /** Key in the infotext, such as "Clip skip". */
  readonly key: string
  /** Name of the setting, such as "CLIP_stop_at_last_layers". */
  readonly setting: string
  /** Its value now; the type of it decides how text is read. */
  readonly current: unknown
}

function castOption(value: ParsedValue, current: unknown): unknown {
  if (typeof current === 'boolean') return value !== 'False' && value !== '' && value !== 0 && value !== false
  if (typeof current === 'number') return Number(value)
  return typeof current === 'string' ? String(value) : value
}

/**
 * The settings an infotext asks for that differ from those in force. "Model hash" counts only where checkpoints may be
 * swapped by it (`swapsCheckpoint`, A1111's disable_weights_auto_swap turned round). Numbers that are none are passed over.
 */
export function toOptionOverrides(
  parsed: ParsedInfotext,
  options: readonly InfotextOption[],
  swapsCheckpoint: boolean,
): Map<string, unknown> {
  const overrides = new Map<string, unknown>()
  for (const { key, setting, current } of options) {
    const value = parsed.get(key)
    if (value === undefined || current === null || current === undefined) continue
    if (setting === 'sd_model_checkpoint' && !swapsCheckpoint) continue
    const cast = castOption(value, current)
    if (cast !== current && !Number.isNaN(cast)) overrides.set(setting, cast)
  }
  return overrides
}
