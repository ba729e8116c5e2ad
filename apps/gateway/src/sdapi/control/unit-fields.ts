import { toPythonFloat, toPythonRepr, toPythonString, type ExactValue } from '@atelier/catalog/exact-json'
import { findPreprocessor } from '@atelier/catalog'
import { COERCIONS, type Coerced } from '../request/coerce.ts'
import type { FieldType } from '../request/field.ts'

/** Brings a value of a unit to its field's type, or says what is wrong with it as pydantic v1 does. */
export type UnitField = (value: ExactValue) => Coerced

const fault = (message: string, type: string, context?: ReadonlyMap<string, ExactValue>): Coerced => ({
  faults: [{ message, type, ...(context && { context: new Map(context) }) }],
})

/** An enumeration of the extension: its class, its members' names and values. */
interface Enumeration {
  readonly name: string
  readonly members: readonly (readonly [name: string, value: string])[]
}

const CONTROL_MODES: Enumeration = {
  name: 'ControlMode',
  members: [
    ['BALANCED', 'Balanced'],
    ['PROMPT', 'My prompt is more important'],
    ['CONTROL', 'ControlNet is more important'],
  ],
}
const HIRES_OPTIONS: Enumeration = {
  name: 'HiResFixOption',
  members: [
    ['BOTH', 'Both'],
    ['LOW_RES_ONLY', 'Low res only'],
    ['HIGH_RES_ONLY', 'High res only'],
  ],
}
const INPUT_MODES: Enumeration = {
  name: 'InputMode',
  members: [
    ['SIMPLE', 'simple'],
    ['BATCH', 'batch'],
    ['MERGE', 'merge'],
  ],
}
const PULID_MODES: Enumeration = {
  name: 'PuLIDMode',
  members: [
    ['FIDELITY', 'Fidelity'],
    ['STYLE', 'Extremely style'],
  ],
}
/** Kinds of control pictures in the order in which union networks count them. */
const UNION_TYPES: Enumeration = {
  name: 'ControlNetUnionControlType',
  members: [
    ['OPENPOSE', 'OpenPose'],
    ['DEPTH', 'Depth'],
    ['SOFT_EDGE', 'Soft Edge'],
    ['HARD_EDGE', 'Hard Edge'],
    ['NORMAL_MAP', 'Normal Map'],
    ['SEGMENTATION', 'Segmentation'],
    ['TILE', 'Tile'],
    ['INPAINT', 'Inpaint'],
    ['UNKNOWN', 'Unknown'],
  ],
}

/** Index of a kind of control picture among those of union networks; undefined where it is not told. */
export function toUnionType(value: ExactValue): number | undefined {
  const index = UNION_TYPES.members.findIndex(([, text]) => text === value)
  return index < 0 || index === UNION_TYPES.members.length - 1 ? undefined : index
}

/** One of an enumeration's values; with `takesIndex` their indexes too, as older versions took them. */
function choice({ name, members }: Enumeration, { takesIndex = false } = {}): UnitField {
  return (given) => {
    const value = unwrap(given)
    if (members.some(([, text]) => text === value)) return { value }
    const byIndex = takesIndex && typeof value === 'bigint' ? members[Number(value)] : undefined
    if (byIndex !== undefined) return { value: byIndex[1] }
    const permitted = members.map(([, text]) => `'${text}'`).join(', ')
    const values = members.map(([member, text]) => `<${name}.${member}: '${text}'>`).join(', ')
    return fault(
      `value is not a valid enumeration member; permitted: ${permitted}`,
      `type_error.enum; enum_values=[${values}]`,
    )
  }
}

/** Clients send some choices as lists of one. */
function unwrap(value: ExactValue): ExactValue {
  return Array.isArray(value) && value.length === 1 ? (value[0] ?? null) : value
}

const RESIZE_MODES = ['Just Resize', 'Crop and Resize', 'Resize and Fill'] as const
const RESIZE_ALIASES: Readonly<Record<string, string>> = {
  'Inner Fit (Scale to Fit)': 'Crop and Resize',
  'Outer Fit (Shrink to Fit)': 'Resize and Fill',
  'Scale to Fit (Inner Fit)': 'Crop and Resize',
  'Envelope (Outer Fit)': 'Resize and Fill',
}
/** Of A1111's modes the one that resizes the latent counts as stretching. */
const MODES_BY_INDEX = [...RESIZE_MODES, RESIZE_MODES[0]]

const resizeMode: UnitField = (given) => {
  const value = unwrap(given)
  if (typeof value === 'bigint' && MODES_BY_INDEX[Number(value)] !== undefined)
    return { value: MODES_BY_INDEX[Number(value)]! }
  if (typeof value !== 'string') return fault('', 'assertion_error')
  const mode = RESIZE_ALIASES[value] ?? value
  return (RESIZE_MODES as readonly string[]).includes(mode)
    ? { value: mode }
    : fault(`${toPythonRepr(value)} is not a valid ResizeMode`, 'value_error')
}

/** Not there, or "None" as Forge writes it, is "none". */
const moduleName: UnitField = (value) => {
  if (value === null || value === 'None' || value === '') return { value: 'none' }
  if (typeof value === 'string' && findPreprocessor(value) !== undefined) return { value }
  return fault(`module(${toPythonString(value)}) not found in supported modules.`, 'value_error')
}

/** Not there is "None". */
const modelName: UnitField = (value) => COERCIONS.text(value === null || value === '' ? 'None' : value)

const typed =
  (type: FieldType): UnitField =>
  (value) =>
    value === null
      ? fault('none is not an allowed value', 'type_error.none.not_allowed')
      : COERCIONS[type](value)

function bounded(minimum: number, maximum: number): UnitField {
  return (given) => {
    const coerced = typed('float')(given)
    if ('faults' in coerced) return coerced
    const value = Number(coerced.value)
    const limit = (words: string, bound: number, kind: string) =>
      fault(
        `ensure this value is ${words} than or equal to ${toPythonFloat(bound)}`,
        `value_error.number.${kind}; limit_value=${toPythonFloat(bound)}`,
      )
    if (!(value >= minimum)) return limit('greater', minimum, 'not_ge')
    return value > maximum ? limit('less', maximum, 'not_le') : coerced
  }
}

const anything: UnitField = (value) => ({ value })
const optionalList: UnitField = (value) => {
  if (value === null) return { value }
  const list = COERCIONS.list(value)
  if ('faults' in list) return list
  const items = (list.value as readonly ExactValue[]).map((item, index) => {
    const coerced = typed('float')(item)
    return 'faults' in coerced
      ? { faults: coerced.faults.map((one) => ({ ...one, path: [index] })) }
      : coerced
  })
  const faults = items.flatMap((item) => ('faults' in item ? item.faults : []))
  return faults.length > 0
    ? { faults }
    : { value: items.map((item) => ('value' in item ? item.value : null)) }
}

/** Fields of a unit of the ControlNet extension that are acted on or checked, in its order, with what they are unset. */
export const UNIT_FIELDS: readonly (readonly [name: string, unset: ExactValue, field: UnitField])[] = [
  ['is_ui', false, typed('boolean')],
  ['input_mode', 'simple', choice(INPUT_MODES)],
  ['loopback', false, typed('boolean')],
  ['enabled', false, typed('boolean')],
  ['module', 'none', moduleName],
  ['model', 'None', modelName],
  ['weight', 1, bounded(0, 2)],
  ['image', null, anything],
  ['resize_mode', 'Crop and Resize', resizeMode],
  ['low_vram', false, typed('boolean')],
  ['processor_res', -1n, typed('integer')],
  ['threshold_a', -1n, typed('float')],
  ['threshold_b', -1n, typed('float')],
  ['guidance_start', 0, bounded(0, 1)],
  ['guidance_end', 1, bounded(0, 1)],
  ['pixel_perfect', false, typed('boolean')],
  ['control_mode', 'Balanced', choice(CONTROL_MODES, { takesIndex: true })],
  ['inpaint_crop_input_image', true, typed('boolean')],
  ['hr_option', 'Both', choice(HIRES_OPTIONS)],
  ['save_detected_map', true, typed('boolean')],
  ['advanced_weighting', null, optionalList],
  ['effective_region_mask', null, anything],
  ['pulid_mode', 'Fidelity', choice(PULID_MODES)],
  ['union_control_type', 'Unknown', choice(UNION_TYPES)],
  ['ipadapter_input', null, anything],
  ['mask', null, anything],
]
