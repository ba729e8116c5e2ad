import { findPreprocessor, type Preprocessor, type Slider } from '@atelier/catalog'
import {
  isExactObject,
  toPythonFloat,
  toPythonTypeName,
  type ExactObject,
  type ExactValue,
} from '@atelier/catalog/exact-json'
import { pythonException } from '../errors.ts'
import type { GenerationRequest } from '../request/generation-request.ts'
import { UNIT_FIELDS } from './unit-fields.ts'

/** A unit of a request past its checks: field values by name, sliders settled. */
export interface UnitRequest {
  readonly values: ExactObject
  readonly preprocessor: Preprocessor
}

const TITLE = 'controlnet'
/** Other names that fields were sent under. */
const ALIASES: Readonly<Record<string, string>> = {
  guidance: 'guidance_end',
  lowvram: 'low_vram',
  input_image: 'image',
  mask_image: 'mask',
}
/** Order of a unit's fields where they are sent one after another, as the first versions took them. */
const POSITIONS = [
  ...['enabled', 'module', 'model', 'weight', 'image', '', 'resize_mode', '', 'low_vram'],
  ...['processor_res', 'threshold_a', 'threshold_b', 'guidance_start', 'guidance_end', 'control_mode'],
]

/**
 * The enabled units of a request, in order; those beyond `limit` are left out, as the extension does.
 * @throws ApiError with pydantic's text when a unit is wrong
 */
export function readUnits(request: GenerationRequest, limit: number): UnitRequest[] {
  const units = listUnits(request).slice(0, Math.max(limit, 1)).map(checkUnit)
  return units.filter(({ values }) => values.get('enabled') === true)
}

/** Whether a request has units that are switched on. */
export function hasControlUnits(request: GenerationRequest): boolean {
  return listUnits(request).some((unit) => unit.get('enabled') === true)
}

/** Units as they were sent: objects, or flat runs of values that begin with a boolean; other arguments say nothing. */
function listUnits(request: GenerationRequest): ExactObject[] {
  const settings = [...request.record('alwayson_scripts')].find(([name]) => name.toLowerCase() === TITLE)?.[1]
  if (!isExactObject(settings)) return []
  const args = settings.get('args') ?? settings.get('controlnet_units') ?? []
  if (isExactObject(args)) return [args]
  if (!Array.isArray(args)) return []
  const units: ExactObject[] = []
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at]!
    if (isExactObject(arg)) units.push(arg)
    if (typeof arg !== 'boolean') continue
    units.push(fromPositions(args.slice(at, at + POSITIONS.length)))
    at += POSITIONS.length - 1
  }
  return units
}

function fromPositions(args: readonly ExactValue[]): ExactObject {
  const named = args.flatMap((value, at): [string, ExactValue][] => {
    const name = POSITIONS[at] ?? ''
    // The last one was the guess mode.
    if (name === 'control_mode' && typeof value === 'boolean')
      return [[name, value ? 'ControlNet is more important' : 'Balanced']]
    return name === '' ? [] : [[name, value]]
  })
  return new Map(named)
}

/**
 * Checks one unit.
 * @throws ApiError with pydantic's text when it is wrong
 */
export function checkUnit(sent: ExactObject): UnitRequest {
  const given = resolveAliases(sent)
  const values = new Map<string, ExactValue>()
  const faults: string[] = []
  for (const [name, unset, field] of UNIT_FIELDS) {
    const value = given.get(name)
    const checked = value === undefined ? { value: unset } : field(value)
    if ('value' in checked) values.set(name, checked.value)
    else
      for (const { message, type, path = [] } of checked.faults)
        faults.push(`${[name, ...path].join(' -> ')}\n  ${message} (type=${type})`)
  }
  faults.push(...checkTogether(values))
  if (faults.length > 0) {
    const count = `${faults.length} validation error${faults.length === 1 ? '' : 's'} for ControlNetUnit`
    throw pythonException('ValidationError', [count, ...faults].join('\n'))
  }
  const preprocessor = findPreprocessor(String(values.get('module')))!
  return { values: settleSliders(values, preprocessor), preprocessor }
}

/** A field under its own name wins over its aliases; empty pictures are none. */
function resolveAliases(sent: ExactObject): ExactObject {
  const given = new Map(sent)
  for (const [alias, name] of Object.entries(ALIASES)) {
    const value = sent.get(alias)
    const isOwn = (given.get(name) ?? '') !== ''
    if (value !== undefined && value !== null && !isOwn) given.set(name, value)
  }
  for (const name of ['image', 'mask', 'effective_region_mask'])
    if (given.get(name) === '') given.set(name, null)
  return given
}

function checkTogether(values: ExactObject): string[] {
  const [start, end] = [values.get('guidance_start'), values.get('guidance_end')]
  if (start === undefined || end === undefined) {
    const [left, right] = [start ?? null, end ?? null].map(toPythonTypeName)
    return [`__root__\n  '>' not supported between instances of '${left}' and '${right}' (type=type_error)`]
  }
  if (Number(start) <= Number(end)) return []
  const [first, last] = [start, end].map((value) => toPythonFloat(Number(value)))
  return [`__root__\n  guidance_start(${first}) > guidance_end(${last}) (type=value_error)`]
}

/** Settings outside a slider's range become its value; units that are off keep what they were sent. */
function settleSliders(values: Map<string, ExactValue>, preprocessor: Preprocessor): ExactObject {
  if (values.get('enabled') !== true) return values
  const settle = (name: string, { minimum, maximum, value }: Slider): void => {
    const given = Number(values.get(name))
    if (!(given >= Number(minimum) && given <= Number(maximum))) values.set(name, value)
  }
  settle('processor_res', preprocessor.resolution)
  settle('threshold_a', preprocessor.thresholdA)
  settle('threshold_b', preprocessor.thresholdB)
  return values
}
