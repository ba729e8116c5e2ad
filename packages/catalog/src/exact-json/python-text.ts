import type { ExactValue } from './value.ts'

/** A float as Python's repr writes it: shortest digits, with a point or an exponent ("8.0", "1e-05", "inf", "nan"). */
export function toPythonFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const [mantissa = '', exponentText = '0'] = value.toExponential().split('e')
  const exponent = Number(exponentText)
  if (exponent < -4 || exponent >= 16) {
    const digits = String(Math.abs(exponent)).padStart(2, '0')
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`
  }
  return toPositional(mantissa, exponent)
}

function toPositional(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith('-') ? '-' : ''
  const digits = mantissa.replace(/[-.]/g, '')
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const fraction = digits.slice(exponent + 1)
  return `${sign}${whole}.${fraction === '' ? '0' : fraction}`
}

/** A value as Python's `str()` shows it: strings bare, everything else as its repr. */
export function toPythonString(value: ExactValue): string {
  return typeof value === 'string' ? value : toPythonRepr(value)
}

/** A value as Python's `repr()` shows it: `{'a': [1, 2.0, None, True]}`. */
export function toPythonRepr(value: ExactValue): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return toPythonFloat(value)
  if (typeof value === 'string') return quote(value)
  if (Array.isArray(value)) return `[${value.map(toPythonRepr).join(', ')}]`
  const members = [...value].map(([key, member]) => `${quote(key)}: ${toPythonRepr(member)}`)
  return `{${members.join(', ')}}`
}

/** The name of a value's Python class, as error messages give it. */
export function toPythonTypeName(value: ExactValue): string {
  if (value === null) return 'NoneType'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'float'
  if (typeof value === 'string') return 'str'
  return Array.isArray(value) ? 'list' : 'dict'
}

const NAMED_ESCAPES = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\\', '\\\\'],
])
/** What Python calls not printable: separators other than the space, controls, format characters, lone surrogates. */
const NOT_PRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'"
  let quoted = ''
  for (const character of text) {
    if (character === mark) quoted += `\\${character}`
    else quoted += NAMED_ESCAPES.get(character) ?? escapeUnprintable(character)
  }
  return `${mark}${quoted}${mark}`
}

function escapeUnprintable(character: string): string {
  if (!NOT_PRINTABLE.test(character)) return character
  const code = character.codePointAt(0) ?? 0
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\U${code.toString(16).padStart(8, '0')}`
}
