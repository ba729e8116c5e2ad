import { toPythonTypeName, type ExactValue } from '@atelier/catalog/exact-json'
import { pythonException } from '../errors.ts'

/** Whether Python takes a value for true. */
export function isTruthy(value: ExactValue): boolean {
  if (value === null || value === false || value === '') return false
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value) !== 0
  if (Array.isArray(value)) return value.length > 0
  return value instanceof Map ? value.size > 0 : true
}

/**
 * An argument that is to be a number between two limits.
 * @throws ApiError for another value
 */
export function takeNumber(
  value: ExactValue | undefined,
  name: string,
  [low, high]: readonly [number, number],
): number {
  const number = typeof value === 'bigint' || typeof value === 'number' ? Number(value) : NaN
  if (Number.isNaN(number))
    throw pythonException('TypeError', `${name} must be a number, got ${typeOf(value)}`)
  if (number < low || number > high)
    throw pythonException('ValueError', `${name} must be between ${low} and ${high}, got ${number}`)
  return number
}

/** The same for whole numbers; fractions are cut off. */
export function takeInteger(
  value: ExactValue | undefined,
  name: string,
  limits: readonly [number, number],
): number {
  return Math.trunc(takeNumber(value, name, limits))
}

/**
 * An argument that is one of several by its number, or by its name, as `script-info` lists them.
 * @throws ApiError for another value
 */
export function takeChoice(value: ExactValue | undefined, name: string, choices: readonly string[]): number {
  const named = typeof value === 'string' ? choices.indexOf(value) : -1
  return named >= 0 ? named : takeInteger(value, name, [0, choices.length - 1])
}

/**
 * An argument that is to be a text.
 * @throws ApiError for another value
 */
export function takeText(value: ExactValue | undefined, name: string): string {
  if (typeof value === 'string') return value
  throw pythonException('TypeError', `${name} must be a text, got ${typeOf(value)}`)
}

/**
 * An argument that is to be a list of texts; a text counts as a list of one.
 * @throws ApiError for another value
 */
export function takeTexts(value: ExactValue | undefined, name: string): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw pythonException('TypeError', `${name} must be a list of texts, got ${typeOf(value)}`)
}

function typeOf(value: ExactValue | undefined): string {
  return value === undefined ? 'nothing' : toPythonTypeName(value)
}
