import { isExactObject, toPlain, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { pythonException } from '../errors.ts'
import { toInfotextReading } from '../infotext/infotext-reading.ts'
import { parseInfotext } from '../infotext/parse-infotext.ts'
import {
  InfotextFieldError,
  toOptionOverrides,
  toRequestFields,
  type RequestValue,
} from '../infotext/request-fields.ts'
import { INFOTEXT_NAMES } from '../options/infotext-names.data.ts'
import { optionFlag, type Options } from '../options/options-store.ts'
import type { PromptStyle } from '../styles.ts'
import type { FieldDefinition, FieldType } from './field.ts'
import type { CheckedFields } from './validate.ts'

/** What the `infotext` field is read with. */
export interface InfotextInputs {
  readonly target: 'txt2img' | 'img2img'
  readonly definitions: readonly FieldDefinition[]
  readonly options: Options
  readonly styles: readonly PromptStyle[]
}

/**
 * Fills the fields that a request does not name itself from its `infotext`, and its overrides with the settings the
 * text asks for.
 * @throws ApiError ValueError for a value that does not fit its field
 */
export function applyInfotext(
  fields: CheckedFields,
  body: ExactObject,
  inputs: InfotextInputs,
): CheckedFields {
  const text = fields.get('infotext')
  if (typeof text !== 'string' || text === '') return fields
  const parsed = parseInfotext(text, toInfotextReading(inputs.options, inputs.styles))
  const types = new Map(inputs.definitions.map(({ name, type }) => [name, type]))
  const filled = new Map(fields)
  for (const [name, value] of readFields(parsed, inputs.target)) {
    const type = types.get(name)
    if (type !== undefined && !body.has(name)) filled.set(name, toFieldValue(value, type))
  }
  const current = [...INFOTEXT_NAMES].map(([setting, key]) => ({
    ...{ key, setting },
    current: toPlain(inputs.options.get(setting) ?? null),
  }))
  const swapsCheckpoint = !optionFlag(inputs.options, 'disable_weights_auto_swap')
  const given = filled.get('override_settings')
  const overrides: ExactObject = new Map(isExactObject(given) ? given : [])
  for (const [setting, value] of toOptionOverrides(parsed, current, swapsCheckpoint)) {
    if (!overrides.has(setting)) overrides.set(setting, toOptionValue(value, inputs.options.get(setting)))
  }
  return filled.set('override_settings', overrides)
}

function readFields(
  parsed: ReturnType<typeof parseInfotext>,
  target: InfotextInputs['target'],
): ReadonlyMap<string, RequestValue> {
  try {
    return toRequestFields(parsed, target)
  } catch (error) {
    if (error instanceof InfotextFieldError) throw pythonException('ValueError', error.message)
    throw error
  }
}

function toFieldValue(value: RequestValue, type: FieldType): ExactValue {
  if (typeof value === 'number') return type === 'integer' ? BigInt(Math.trunc(value)) : value
  if (typeof value === 'bigint') return type === 'integer' ? value : Number(value)
  return typeof value === 'object' ? [...value] : value
}

function toOptionValue(value: unknown, current: ExactValue | undefined): ExactValue {
  if (typeof value === 'number') {
    return typeof current === 'bigint' && Number.isInteger(value) ? BigInt(value) : value
  }
  return typeof value === 'boolean' ? value : String(value)
}
