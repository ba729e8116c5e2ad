import { fixEncoding, replaceControls } from './fix-encoding.ts'
import { decodeClearReferences } from './html-entities.ts'

/** Latin ligatures and digraphs that stand for two letters. */
const ligatures = new Map<string, string>([
  ['Ĳ', 'IJ'],
  ['ĳ', 'ij'],
  ['ŉ', 'ʼn'],
  ['Ǳ', 'DZ'],
  ['ǲ', 'Dz'],
  ['ǳ', 'dz'],
  ['Ǆ', 'DŽ'],
  ['ǅ', 'Dž'],
  ['ǆ', 'dž'],
  ['Ǉ', 'LJ'],
  ['ǈ', 'Lj'],
  ['ǉ', 'lj'],
  ['Ǌ', 'NJ'],
  ['ǋ', 'Nj'],
  ['ǌ', 'nj'],
  ['ﬀ', 'ff'],
  ['ﬁ', 'fi'],
  ['ﬂ', 'fl'],
  ['ﬃ', 'ffi'],
  ['ﬄ', 'ffl'],
  ['ﬅ', 'ſt'],
  ['ﬆ', 'st'],
])
const ligature = new RegExp(`[${[...ligatures.keys()].join('')}]`, 'g')
const wideOrNarrow = /[\u3000\uff01-\uffef]/g
const singleQuote = /[\u02bc\u2018-\u201b]/g
const doubleQuote = /[\u201c-\u201f]/g
const lineBreak = /\r\n|[\r\u2028\u2029\u0085]/g
const terminalEscape = /\x1b\[[\p{Nd};]*[a-zA-Z]/gu
const loneSurrogate = /\p{Cs}/gu
const controls = /[\0-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g

function fixCharacters(text: string): string {
  return replaceControls(text)
    .replace(ligature, (character) => ligatures.get(character) ?? character)
    .replace(wideOrNarrow, (character) => (character === '\u3000' ? ' ' : character.normalize('NFKC')))
    .replace(doubleQuote, '"')
    .replace(singleQuote, "'")
    .replace(lineBreak, '\n')
    .replace(loneSurrogate, '\ufffd')
    .replace(terminalEscape, '')
    .replace(controls, '')
    .normalize('NFC')
}

function fixLine(line: string, decodesReferences: boolean): string {
  let text = line
  for (;;) {
    const decoded = decodesReferences ? decodeClearReferences(text) : text
    const fixed = fixCharacters(fixEncoding(decoded))
    if (fixed === text) return fixed
    text = fixed
  }
}

/**
 * Repairs text as ftfy 6.3.1's `fix_text` does, line by line: misread encodings, HTML references (from the first "<" on
 * they are left alone), ligatures, full-width forms, curly quotes, line breaks, control characters; composed (NFC).
 */
export function fixText(text: string): string {
  let decodesReferences = true
  return text
    .split(/(?<=\n)/)
    .map((line) => {
      decodesReferences &&= !line.includes('<')
      return fixLine(line, decodesReferences)
    })
    .join('')
}
