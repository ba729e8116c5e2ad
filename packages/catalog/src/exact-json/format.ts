import { toPythonFloat } from './python-text.ts'
import type { ExactValue } from './value.ts'

/**
 * Writes JSON text as Python's `json.dumps` does by default: `", "` and `": "` between things, everything outside
 * ASCII escaped, floats with their point, NaN and Infinity as bare words. It is the text ComfyUI puts into PNG files.
 */
export function formatExactJson(value: ExactValue): string {
  const parts: string[] = []
  write(value, parts)
  return parts.join('')
}

function write(value: ExactValue, parts: string[]): void {
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') {
    parts.push(String(value))
  } else if (typeof value === 'string') {
    parts.push(formatString(value))
  } else if (typeof value === 'number') {
    parts.push(formatFloat(value))
  } else if (Array.isArray(value)) {
    writeList('[', value, ']', parts, write)
  } else {
    writeList('{', [...value], '}', parts, ([key, member]) => {
      parts.push(formatString(key), ': ')
      write(member, parts)
    })
  }
}

// eslint-disable-next-line max-params -- the two brackets read best around what they enclose
function writeList<T>(
  open: string,
  items: readonly T[],
  close: string,
  parts: string[],
  writeItem: (item: T, parts: string[]) => void,
): void {
  parts.push(open)
  items.forEach((item, index) => {
    if (index > 0) parts.push(', ')
    writeItem(item, parts)
  })
  parts.push(close)
}

function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  return toPythonFloat(value)
}

function formatString(text: string): string {
  // JSON.stringify escapes what must be escaped; the rest outside printable ASCII follows, one UTF-16 unit at a time.
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
