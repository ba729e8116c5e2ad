import { decodeHTML, decodeHTMLStrict } from 'entities'
import { windows1252 } from './single-byte-encodings.ts'

const referenceWithSemicolon = /&#?[0-9A-Za-z]{1,24};/g
const numericReference = /^&#(?:([0-9]+)|[xX]([0-9a-fA-F]+));?$/
/** Characters that a numeric reference may not name; they vanish. */
const forbiddenCodePoint = /[\x01-\x08\x0b\x0e-\x1f\x7f\ufdd0-\ufdef]/

function decodeNumeric(reference: string): string | undefined {
  const match = numericReference.exec(reference)
  if (match === null) return undefined
  const code = match[1] === undefined ? parseInt(match[2] ?? '', 16) : parseInt(match[1], 10)
  if (code === 0 || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return '\ufffd'
  if (code >= 0x80 && code <= 0x9f) return windows1252.characters[code] ?? ''
  const character = String.fromCodePoint(code)
  return forbiddenCodePoint.test(character) || (code & 0xfffe) === 0xfffe ? '' : character
}

function decodeNamed(reference: string): string {
  const decoded = decodeHTMLStrict(reference)
  if (decoded !== reference) return decoded
  // An upper-cased name counts where it cannot be misread: the plain name exists in lower case and no shorter
  // old-style name (&AMP without semicolon) begins it.
  if (reference !== reference.toUpperCase() || decodeHTML(reference) !== reference) return reference
  const lower = reference.toLowerCase()
  const character = decodeHTMLStrict(lower)
  return character === lower ? reference : character.toUpperCase()
}

/** Decodes references that end in a semicolon, upper-cased names included ("&EACUTE;"); others stay. Behaves as ftfy. */
export function decodeClearReferences(text: string): string {
  return text.replace(referenceWithSemicolon, (reference) =>
    reference.startsWith('&#') ? (decodeNumeric(reference) ?? reference) : decodeNamed(reference),
  )
}

/** Decodes every reference a browser would, old names without semicolon too. Behaves as Python's html.unescape. */
export function decodeAllReferences(text: string): string {
  return text.replace(/&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g, (reference) =>
    reference.startsWith('&#') ? (decodeNumeric(reference) ?? reference) : decodeHTML(reference),
  )
}
