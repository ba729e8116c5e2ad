import type { ExactValue } from '@atelier/catalog/exact-json'
import type { ParsedInfotext, ParsedValue } from '../infotext/parse-infotext.ts'
import { checkUnit } from './read-units.ts'

/** Fields of a unit that infotexts tell, in the extension's order. */
const FIELDS = [
  ...['module', 'model', 'weight', 'resize_mode', 'processor_res', 'threshold_a', 'threshold_b'],
  ...['guidance_start', 'guidance_end', 'pixel_perfect', 'control_mode'],
]

/**
 * What the ControlNet extension adds to a parsed infotext: each field of each unit under a key of its own, settings that
 * the text leaves out as the preprocessor has them. A unit that cannot be read adds nothing.
 */
export function listInfotextUnits(parsed: ParsedInfotext): [string, ExactValue][] {
  return [...parsed]
    .filter(([key, value]) => key.startsWith('ControlNet') && typeof value === 'string')
    .flatMap(([key, value]) =>
      readUnit(value).map(([field, one]): [string, ExactValue] => [`${key} ${field}`, one]),
    )
}

function readUnit(text: ParsedValue): [string, ExactValue][] {
  const fields = new Map<string, ExactValue>([['enabled', true]])
  for (const item of String(text).split(',')) {
    const [key, value, ...rest] = item.trim().split(': ')
    if (key === undefined || value === undefined || rest.length > 0) return []
    fields.set(key.toLowerCase().replaceAll(' ', '_'), parseValue(value))
  }
  try {
    const { values } = checkUnit(fields)
    return FIELDS.flatMap((field): [string, ExactValue][] => {
      const value = values.get(field) ?? null
      return value === null ? [] : [[field, value]]
    })
  } catch {
    return []
  }
}

/** A text as Python's parsers in turn take it: a switch, a whole number, a fraction, else itself. */
function parseValue(text: string): ExactValue {
  if (text === 'True' || text === 'False') return text === 'True'
  if (/^\s*[+-]?\d+\s*$/.test(text)) return BigInt(text.trim().replace(/^\+/, ''))
  const number = Number(text)
  return text.trim() === '' || Number.isNaN(number) ? text : number
}
