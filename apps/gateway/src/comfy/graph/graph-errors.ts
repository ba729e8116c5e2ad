import { toPythonRepr, toPythonString, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import type { PythonError } from './python-error.ts'

/** Longest list of choices that is spelled out in an error. */
const MAX_LISTED_CHOICES = 20

/** Name of an input and its `[type, options]` as `object_info` shows it. */
export interface InputInfo {
  readonly name: string
  readonly config: ExactValue
}

/** ComfyUI's error object: a kind, a sentence, details and what an editor needs to mark the place. */
export interface GraphError {
  readonly type: string
  readonly message: string
  readonly details: string
  readonly extraInfo: readonly (readonly [string, ExactValue])[]
}

/** The error as its wire object. */
export function toErrorObject(error: GraphError): ExactObject {
  return new Map<string, ExactValue>([
    ['type', error.type],
    ['message', error.message],
    ['details', error.details],
    ['extra_info', new Map(error.extraInfo)],
  ])
}

/** A whole-request error: it has no extra information. */
export function describeRequestError(type: string, message: string, details: string): GraphError {
  return { type, message, details, extraInfo: [] }
}

/** A required input is not there. */
export function describeMissingInput(name: string): GraphError {
  return {
    type: 'required_input_missing',
    message: 'Required input is missing',
    details: name,
    extraInfo: [['input_name', name]],
  }
}

/** A list that is no pair of node and slot. */
export function describeBadLink(input: InputInfo, value: ExactValue): GraphError {
  return {
    type: 'bad_linked_input',
    message: 'Bad linked input, must be a length-2 list of [node_id, slot_index]',
    details: input.name,
    extraInfo: withReceived(input, value),
  }
}

/** A link to an output of another type. */
export function describeTypeMismatch(
  input: InputInfo,
  received: string,
  expected: string,
  link: ExactValue,
): GraphError {
  return {
    type: 'return_type_mismatch',
    message: 'Return type mismatch between linked nodes',
    details: `${input.name}, received_type(${received}) mismatch input_type(${expected})`,
    extraInfo: [...place(input), ['received_type', received], ['linked_node', link]],
  }
}

/** A literal that is not of its input's type. */
export function describeConversion(
  input: InputInfo,
  type: string,
  value: ExactValue,
  cause: PythonError,
): GraphError {
  return {
    type: 'invalid_input_type',
    message: `Failed to convert an input value to a ${type} value`,
    details: `${input.name}, ${toPythonString(value)}, ${cause.message}`,
    extraInfo: [...withReceived(input, value), ['exception_message', cause.message]],
  }
}

/** A number below the limit of its input. */
export function describeTooSmall(input: InputInfo, value: ExactValue, limit: ExactValue): GraphError {
  return {
    type: 'value_smaller_than_min',
    message: `Value ${toPythonString(value)} smaller than min of ${toPythonString(limit)}`,
    details: input.name,
    extraInfo: withReceived(input, value),
  }
}

/** A number above the limit of its input. */
export function describeTooBig(input: InputInfo, value: ExactValue, limit: ExactValue): GraphError {
  return {
    type: 'value_bigger_than_max',
    message: `Value ${toPythonString(value)} bigger than max of ${toPythonString(limit)}`,
    details: input.name,
    extraInfo: withReceived(input, value),
  }
}

/** A value that is none of the choices; long lists are not spelled out. */
export function describeNotInList(
  input: InputInfo,
  value: ExactValue,
  choices: readonly string[],
): GraphError {
  const isLong = choices.length > MAX_LISTED_CHOICES
  const list = isLong ? `(list of length ${choices.length})` : toPythonRepr([...choices])
  return {
    type: 'value_not_in_list',
    message: 'Value not in list',
    details: `${input.name}: '${toPythonString(value)}' not in ${list}`,
    extraInfo: withReceived(isLong ? { name: input.name, config: null } : input, value),
  }
}

/** A node's own check did not pass. */
export function describeFailedCheck(name: string, reason: string): GraphError {
  return {
    type: 'custom_validation_failed',
    message: 'Custom validation failed for node',
    details: `${name} - ${reason}`,
    extraInfo: [['input_name', name]],
  }
}

/** An output node could not be examined at all. */
export function describeException(cause: PythonError): GraphError {
  return {
    type: 'exception_during_validation',
    message: 'Exception when validating node',
    details: cause.message,
    extraInfo: [
      ['exception_type', cause.pythonType],
      ['traceback', traceback(cause)],
    ],
  }
}

/** A node could not be examined while an input linked to it was followed. */
export function describeInnerException(input: InputInfo, cause: PythonError, link: ExactValue): GraphError {
  return {
    type: 'exception_during_inner_validation',
    message: 'Exception when validating inner node',
    details: cause.message,
    extraInfo: [
      ...place(input),
      ['exception_message', cause.message],
      ['exception_type', cause.pythonType],
      ['traceback', traceback(cause)],
      ['linked_node', link],
    ],
  }
}

function place(input: InputInfo): (readonly [string, ExactValue])[] {
  return [
    ['input_name', input.name],
    ['input_config', input.config],
  ]
}

function withReceived(input: InputInfo, value: ExactValue): (readonly [string, ExactValue])[] {
  return [...place(input), ['received_value', value]]
}

/** Clients show the lines; the program's own stack is nobody's business. */
function traceback(cause: PythonError): ExactValue {
  return [`  ${cause.pythonType}: ${cause.message}\n`]
}
