import { collapseSpaces } from './python-text.ts'
import { assignedAfterUnicode14 } from './unicode.data.ts'

/** Control, format, private, surrogate and unassigned characters, by Unicode 14 as the reference outputs were made with. */
const droppedCharacter = new RegExp(`[\\0\\ufffd\\p{C}${assignedAfterUnicode14}]`, 'gu')
const keptControl = /[\t\n\r]/
const ideograph =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu

/**
 * The cleaning of a CLIP tokenizer where ftfy is not installed (a plain ComfyUI): drops control and format characters,
 * composes (NFC), sets every CJK ideograph apart, collapses white space, lower case.
 */
export function cleanBasic(text: string): string {
  const kept = text.replace(droppedCharacter, (character) => (keptControl.test(character) ? character : ''))
  const spaced = kept.replace(ideograph, ' $& ').normalize('NFC')
  return collapseSpaces(spaced).toLowerCase()
}
