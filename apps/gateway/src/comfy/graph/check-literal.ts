import { toPythonTypeName, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import type { InputDefinition, NodeDefinition } from '@atelier/catalog/nodes'
import { choicesOf, toExactOption } from '../prompts/input-config.ts'
import { convertLiteral, unwrapLiteral } from './convert-literal.ts'
import {
  describeConversion,
  describeFailedCheck,
  describeNotInList,
  describeTooBig,
  describeTooSmall,
  type GraphError,
  type InputInfo,
} from './graph-errors.ts'
import type { GraphEnvironment } from './graph-environment.ts'
import { PythonError } from './python-error.ts'

/** Where a literal stands. */
export interface LiteralPlace {
  readonly environment: GraphEnvironment
  readonly definition: NodeDefinition
  readonly inputs: ExactObject
  readonly input: InputDefinition
  readonly place: InputInfo
}

/** Converts a literal in place, then checks its range or list; undefined when it is fine. */
export function checkLiteral(where: LiteralPlace, given: ExactValue): GraphError | undefined {
  const { environment, definition, inputs, input, place } = where
  const literal = unwrapLiteral(given)
  inputs.set(place.name, literal)
  let value = literal
  if (typeof input.type === 'string') {
    try {
      value = convertLiteral(input.type, literal)
    } catch (error) {
      if (!(error instanceof PythonError)) throw error
      return describeConversion(place, input.type, literal, error)
    }
    inputs.set(place.name, value)
  }
  if (definition.checks?.[place.name] !== undefined) return undefined
  const outOfRange = checkRange(input, place, value)
  // Choices of classes of the newer schema are no list to the original's validation: the node meets the value itself.
  if (outOfRange !== undefined || definition.isSchemaNode === true) return outOfRange
  return checkChoice(environment, input, place, value)
}

function checkRange(input: InputDefinition, place: InputInfo, value: ExactValue): GraphError | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  const { min, max } = input.options ?? {}
  // Integers and floats compare exactly with each other, whatever their size.
  if ((typeof min === 'number' || typeof min === 'bigint') && value < min)
    return describeTooSmall(place, value, toExactOption(input.type, min))
  if ((typeof max === 'number' || typeof max === 'bigint') && value > max)
    return describeTooBig(place, value, toExactOption(input.type, max))
  return undefined
}

function checkChoice(
  environment: GraphEnvironment,
  input: InputDefinition,
  place: InputInfo,
  value: ExactValue,
): GraphError | undefined {
  const choices = choicesOf(input, environment.choices)
  if (choices === undefined || (typeof value === 'string' && choices.includes(value))) return undefined
  return describeNotInList(place, value, choices)
}

/** What the original calls a file that is missing. */
const FILE_KINDS = { 'file-exists': 'image', 'latent-exists': 'latent' } as const

/**
 * Runs the checks a node declares for its inputs.
 * @throws PythonError when an input that is to be checked is missing or is no text
 */
export function runChecks(
  environment: GraphEnvironment,
  definition: NodeDefinition,
  inputs: ExactObject,
): GraphError[] {
  const errors: GraphError[] = []
  for (const [name, check] of Object.entries(definition.checks ?? {})) {
    const value = inputs.get(name)
    if (value === undefined) {
      throw new PythonError(
        'TypeError',
        `${definition.className}.VALIDATE_INPUTS() missing 1 required positional argument: '${name}'`,
      )
    }
    // A link has no value yet; ComfyUI hands its checks None then.
    const reference = Array.isArray(value) && value.length === 2 ? null : value
    if (typeof reference !== 'string') {
      const type = toPythonTypeName(reference)
      throw new PythonError('AttributeError', `'${type}' object has no attribute 'endswith'`)
    }
    if (!environment.fileExists(reference))
      errors.push(describeFailedCheck(name, `Invalid ${FILE_KINDS[check]} file: ${reference}`))
  }
  return errors
}
