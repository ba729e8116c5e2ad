import { looksMisread, misreadRun } from './mojibake-patterns.ts'
import {
  candidateEncodings,
  encodeSingleByte,
  windows1252,
  type SingleByteEncoding,
} from './single-byte-encodings.ts'

// Bytes are kept as strings of the characters 00 to FF here, so that patterns can be written over them.

/** UTF-8 sequences in which a byte A0 became a plain space. */
const spacedSequence =
  /[\xc2\xc3\xc5\xce\xd0\xd9] |[\xe2\xe3] [\x80-\x84\x86-\x9f\xa1-\xbf]|[\xe0-\xe3][\x80-\x84\x86-\x9f\xa1-\xbf] |\xf0 [\x80-\xbf][\x80-\xbf]|\xf0[\x80-\xbf] [\x80-\xbf]|\xf0[\x80-\xbf][\x80-\xbf] /g
/** "à" as a word of its own: the space after it stays. */
const aGraveWord = /\xc3 (?! |quele|quela|quilo|s )/g
/** UTF-8 sequences that lost bytes; 1A stands for a byte that became U+FFFD. */
const lossySequence =
  /[\xc2-\xdf]\x1a|[\xc2-\xc3]\?|\xed[\xa0-\xaf][\x1a?]\xed[\xb0-\xbf][\x1a?\x80-\xbf]|\xed[\xa0-\xaf][\x1a?\x80-\xbf]\xed[\xb0-\xbf][\x1a?]|[\xe0-\xef][\x1a?][\x1a\x80-\xbf]|[\xe0-\xef][\x1a\x80-\xbf][\x1a?]|[\xf0-\xf4][\x1a?][\x1a\x80-\xbf][\x1a\x80-\xbf]|[\xf0-\xf4][\x1a\x80-\xbf][\x1a?][\x1a\x80-\xbf]|[\xf0-\xf4][\x1a\x80-\xbf][\x1a\x80-\xbf][\x1a?]|\x1a/g
const replacementBytes = '\xef\xbf\xbd'
/** CESU-8 pairs and Java's two-byte null, which strict UTF-8 refuses. */
const utf8Variant = /\xc0\x80|\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]/g

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function toStandardUtf8(variant: string): string {
  if (variant.length === 2) return '\0'
  const [, high1 = 0, high2 = 0, , low1 = 0, low2 = 0] = Buffer.from(variant, 'latin1')
  const code =
    ((high1 & 0x0f) << 16) + ((high2 & 0x3f) << 10) + ((low1 & 0x0f) << 6) + (low2 & 0x3f) + 0x10000
  return Buffer.from(String.fromCodePoint(code), 'utf8').toString('latin1')
}

function decodeUtf8(bytes: string): string | undefined {
  try {
    return strictUtf8.decode(Buffer.from(bytes.replace(utf8Variant, toStandardUtf8), 'latin1'))
  } catch {
    return undefined
  }
}

function decodeMisread(bytes: string, encoding: SingleByteEncoding): string | undefined {
  let repaired = bytes
  // In MacRoman the rule would take an en dash before a space.
  if (encoding.name !== 'macroman' && bytes.search(spacedSequence) >= 0) {
    repaired = bytes
      .replace(aGraveWord, '\xc3\xa0 ')
      .replace(spacedSequence, (sequence) => sequence.replaceAll(' ', '\xa0'))
  }
  if (encoding.sloppy) repaired = repaired.replace(lossySequence, replacementBytes)
  return decodeUtf8(repaired)
}

function fixEmbeddedRuns(text: string): string {
  return text.replace(misreadRun, (run) =>
    // Shorter than the whole, or this would never end.
    run.length < text.length && looksMisread(run) ? fixEncoding(run) : run,
  )
}

/** Latin-1 that was meant as Windows-1252; undefined where a byte has no character there. */
function readAsWindows1252(text: string): string | undefined {
  if (/[\x81\x8d\x8f\x90\x9d]|[^\0-\xff]/.test(text)) return undefined
  return replaceControls(text)
}

/** C1 control characters become what Windows-1252 has in their place. */
export function replaceControls(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (control) => windows1252.characters[control.charCodeAt(0)] ?? control)
}

function fixOnce(text: string): string {
  if (/^[\0-\x7f]*$/.test(text) || !looksMisread(text)) return text
  for (const encoding of candidateEncodings) {
    const bytes = encodeSingleByte(text, encoding)
    const decoded = bytes === undefined ? undefined : decodeMisread(bytes, encoding)
    if (decoded !== undefined) return decoded
  }
  const embedded = fixEmbeddedRuns(text)
  if (embedded !== text) return embedded
  const western = readAsWindows1252(text)
  if (western !== undefined && western !== text) return western
  return replaceControls(text)
}

/** Reads text again as the UTF-8 it was before somebody read it in a one-byte code page, where that is clearly so. */
export function fixEncoding(text: string): string {
  let fixed = text
  for (;;) {
    const next = fixOnce(fixed)
    if (next === fixed) return fixed
    fixed = next
  }
}
