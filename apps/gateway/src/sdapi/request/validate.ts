import { isExactObject, toPythonRepr, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { ValidationError } from '../errors.ts'
import { toDictionary } from './to-dictionary.ts'
import { COERCIONS, type Coerced, type ValueFault } from './coerce.ts'
import type { FieldDefinition } from './field.ts'

/** A request's values by field, defaults filled in, in the fields' order; unknown keys are left out. */
export type CheckedFields = ReadonlyMap<string, ExactValue>

/**
 * Checks a body against its fields as pydantic v1 does.
 * @throws ValidationError with every fault, in field order
 */
export function validateFields(body: ExactObject, fields: readonly FieldDefinition[]): CheckedFields {
  const { values, faults } = checkFields(body, fields)
  if (faults.length === 0) return values
  throw refuse(faults)
}

/**
 * Checks a body that is a list of records, as pydantic v1 does.
 * @throws ValidationError with every fault, record after record
 */
export function validateRecords(
  body: ExactValue,
  fields: readonly FieldDefinition[],
): readonly CheckedFields[] {
  const list = COERCIONS.list(body)
  if ('faults' in list) throw refuse(list.faults)
  const checked = checkItems(list.value as readonly ExactValue[], fields)
  if ('faults' in checked) throw refuse(checked.faults)
  return checked.value as readonly CheckedFields[]
}

function refuse(faults: readonly ValueFault[]): ValidationError {
  return new ValidationError(
    faults.map(({ path = [], ...rest }) => ({ location: ['body', ...path], ...rest })),
  )
}

function checkFields(
  record: ExactObject,
  fields: readonly FieldDefinition[],
): { readonly values: Map<string, ExactValue>; readonly faults: readonly ValueFault[] } {
  const values = new Map<string, ExactValue>()
  const faults: ValueFault[] = []
  for (const field of fields) {
    const checked = checkField(record, field)
    if ('value' in checked) values.set(field.name, checked.value)
    else
      faults.push(...checked.faults.map((fault) => ({ ...fault, path: [field.name, ...(fault.path ?? [])] })))
  }
  return { values, faults }
}

/**
 * Checks a body whose fields are parameters of their own (the ControlNet extension's): none at all leaves them as they are
 * by default; a body without keys lacks each of them, whatever its default.
 * @throws ValidationError with every fault, in field order
 */
export function validateParameters(
  body: ExactValue | undefined,
  fields: readonly FieldDefinition[],
): CheckedFields {
  if (body === undefined || body === null) return validateFields(new Map<string, ExactValue>(), fields)
  if (isExactObject(body)) return validateFields(body, fields)
  const missing = { message: 'field required', type: 'value_error.missing' }
  const told = fields.filter(({ isAlias }) => isAlias !== true)
  throw new ValidationError(told.map(({ name }) => ({ location: ['body', name], ...missing })))
}

/** Reads a whole body as a JSON object; a missing, null or other body is a fault at `body`. */
export function requireObject(body: ExactValue | undefined): ExactObject {
  if (body === undefined || body === null) {
    throw new ValidationError([
      { location: ['body'], message: 'field required', type: 'value_error.missing' },
    ])
  }
  const dictionary = toDictionary(body)
  if (dictionary !== undefined) return dictionary
  throw new ValidationError([
    { location: ['body'], message: 'value is not a valid dict', type: 'type_error.dict' },
  ])
}

function checkField(
  body: ExactObject,
  field: FieldDefinition,
): { value: ExactValue } | { faults: readonly ValueFault[] } {
  const given = body.get(field.name)
  if (given === undefined) {
    if (field.isRequired === true)
      return { faults: [{ message: 'field required', type: 'value_error.missing' }] }
    return { value: field.default ?? null }
  }
  if (given === null) {
    if (field.isNullable !== false) return { value: null }
    return { faults: [{ message: 'none is not an allowed value', type: 'type_error.none.not_allowed' }] }
  }
  if (field.permitted !== undefined) return checkPermitted(given, field.permitted)
  const coerced = COERCIONS[field.type](given)
  if ('faults' in coerced) return coerced
  if (field.items !== undefined && Array.isArray(coerced.value)) return checkItems(coerced.value, field.items)
  const limit = findBrokenLimit(Number(coerced.value), field)
  return limit === undefined ? coerced : { faults: [limit] }
}

function checkItems(items: readonly ExactValue[], fields: readonly FieldDefinition[]): Coerced {
  const faults: ValueFault[] = []
  const values = items.map((item, index) => {
    const dictionary = toDictionary(item)
    const checked = dictionary
      ? checkFields(dictionary, fields)
      : {
          values: null,
          faults: [{ message: 'value is not a valid dict', type: 'type_error.dict' }] as ValueFault[],
        }
    faults.push(...checked.faults.map((fault) => ({ ...fault, path: [index, ...(fault.path ?? [])] })))
    return checked.values
  })
  return faults.length > 0 ? { faults } : { value: values }
}

function checkPermitted(
  given: ExactValue,
  permitted: readonly ExactValue[],
): { value: ExactValue } | { faults: ValueFault[] } {
  if (permitted.some((value) => value === given)) return { value: given }
  const context = new Map<string, ExactValue>([
    ['given', given],
    ['permitted', [...permitted]],
  ])
  const message = `unexpected value; permitted: ${permitted.map(toPythonRepr).join(', ')}`
  return { faults: [{ message, type: 'value_error.const', context }] }
}

function findBrokenLimit(value: number, { atLeast, atMost, above }: FieldDefinition): ValueFault | undefined {
  const describe = (words: string, limit: number, type: string): ValueFault => ({
    message: `ensure this value is ${words} ${limit}`,
    type: `value_error.number.${type}`,
    context: new Map([['limit_value', BigInt(limit)]]),
  })
  if (atLeast !== undefined && value < atLeast) return describe('greater than or equal to', atLeast, 'not_ge')
  if (atMost !== undefined && value > atMost) return describe('less than or equal to', atMost, 'not_le')
  if (above !== undefined && value <= above) return describe('greater than', above, 'not_gt')
  return undefined
}
