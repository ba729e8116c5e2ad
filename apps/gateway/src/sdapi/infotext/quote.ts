import { quoteJson } from '../python-json.ts'

/** A value's text as it stands in the parameter line: in JSON quotes where it holds a comma, a colon or a line break. */
export function quoteValue(text: string): string {
  return /[,:\n]/.test(text) ? quoteJson(text) : text
}

/** Undoes quoteValue; text that is not whole JSON in quotes stays as it is, quotes included. */
export function unquoteValue(text: string): string {
  if (!text.startsWith('"') || !text.endsWith('"')) return text
  try {
    return String(JSON.parse(text))
  } catch {
    return text
  }
}
