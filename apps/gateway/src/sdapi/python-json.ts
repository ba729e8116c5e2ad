import { toPythonFloat, type ExactValue } from '@atelier/catalog/exact-json'

/**
 * JSON as the WebUI API's answers are written: no blanks, characters beyond ASCII as they are, floats with their point.
 * NaN and the infinities become null. The text of `info` is written otherwise; see formatExactJson.
 */
export function formatResponseJson(value: ExactValue): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (typeof value === 'string') return quoteJson(value)
  if (typeof value === 'number') {
    return Number.isFinite(value) ? toPythonFloat(value) : 'null'
  }
  if (Array.isArray(value)) return `[${value.map(formatResponseJson).join(',')}]`
  return `{${[...value].map(([key, member]) => `${quoteJson(key)}:${formatResponseJson(member)}`).join(',')}}`
}

/** A JSON string with characters beyond ASCII kept, as Python's `json.dumps(text, ensure_ascii=False)`. */
export function quoteJson(text: string): string {
  // JSON.stringify escapes lone surrogates, which UTF-8 could not carry anyway, and nothing else beyond ASCII.
  return JSON.stringify(text)
}
