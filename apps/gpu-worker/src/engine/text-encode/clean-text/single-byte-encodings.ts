/** A code page: character to byte and byte to character. */
export interface SingleByteEncoding {
  readonly name: string
  /** Bytes without a character stand for the control character of the same number, and byte 1A for U+FFFD. */
  readonly sloppy: boolean
  readonly bytes: ReadonlyMap<string, number>
  readonly characters: readonly string[]
}

/** Bytes 80 to FF of the IBM PC's code page 437, the one that TextDecoder does not know. */
const codePage437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0'

function createEncoding(name: string, upperHalf: readonly string[], sloppy: boolean): SingleByteEncoding {
  const characters = Array.from({ length: 128 }, (_, byte) => String.fromCharCode(byte)).concat(upperHalf)
  if (sloppy) characters[0x1a] = '\ufffd'
  return { name, sloppy, characters, bytes: new Map(characters.map((character, byte) => [character, byte])) }
}

function decodeUpperHalf(label: string): string[] {
  const decoder = new TextDecoder(label)
  return Array.from({ length: 128 }, (_, index) => {
    const character = decoder.decode(Uint8Array.of(128 + index))
    return character === '\ufffd' ? String.fromCharCode(128 + index) : character
  })
}

const latin1UpperHalf = Array.from({ length: 128 }, (_, index) => String.fromCharCode(128 + index))

/** Bytes 80 to 9F of Windows-1252; not from TextDecoder, which reads that label as plain Latin-1 in some releases of Node. */
const windows1252Controls = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'

/** Windows-1252 with its holes filled, which is what browsers call Latin-1. */
export const windows1252 = createEncoding(
  'windows-1252',
  [...windows1252Controls, ...latin1UpperHalf.slice(32)],
  true,
)

/** The code pages that text may have been misread in, in the order in which they are tried. */
export const candidateEncodings: readonly SingleByteEncoding[] = [
  createEncoding('latin-1', latin1UpperHalf, false),
  windows1252,
  ...['windows-1251', 'windows-1250', 'windows-1253', 'windows-1254', 'windows-1257'].map((label) =>
    createEncoding(label, decodeUpperHalf(label), true),
  ),
  createEncoding('iso-8859-2', decodeUpperHalf('iso-8859-2'), false),
  createEncoding('macroman', decodeUpperHalf('macintosh'), false),
  createEncoding('cp437', [...codePage437], false),
]

/** The bytes of a text as a string of characters 00 to FF, or undefined when a character is not in the code page. */
export function encodeSingleByte(text: string, encoding: SingleByteEncoding): string | undefined {
  let bytes = ''
  for (const character of text) {
    const byte = encoding.bytes.get(character)
    if (byte === undefined) return undefined
    bytes += String.fromCharCode(byte)
  }
  return bytes
}
