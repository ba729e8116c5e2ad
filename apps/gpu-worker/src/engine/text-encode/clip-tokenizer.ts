import { cleanBasic } from './clean-text/basic-clean.ts'
import { fixText } from './clean-text/fix-text.ts'
import { decodeAllReferences } from './clean-text/html-entities.ts'
import { collapseSpaces } from './clean-text/python-text.ts'
import type { ClipVocabulary } from './clip-vocabulary.ts'

/** Id that begins every sequence. */
export const startOfText = 49406
/** Id that ends every sequence; CLIP-L pads with it too. */
export const endOfText = 49407

/**
 * How text is cleaned before byte-pair encoding:
 * - `ftfy`: transformers' CLIPTokenizer with ftfy installed, as in A1111;
 * - `basic`: the same without ftfy, as in a plain ComfyUI;
 * - `fast`: the tokenizers library, which transformers 5 always uses;
 * - `open-clip`: open_clip's own tokenizer, as A1111 uses for SD2 and SDXL's second encoder; knows no special tokens.
 */
export type TextCleaning = 'ftfy' | 'basic' | 'fast' | 'open-clip'

/** Turns text into CLIP token ids. */
export interface ClipTokenizer {
  /** Ids of a text without start, end or padding; any length. */
  encode(text: string): readonly number[]
  /** What tokens with brackets multiply the weights after them by, by id; the brackets of a token count together. */
  bracketFactors?(): ReadonlyMap<number, number>
}

/** What a bracket multiplies weights by. */
const bracketFactor: Readonly<Record<string, number>> = { '(': 1.1, ')': 1 / 1.1, '[': 1 / 1.1, ']': 1.1 }

function findBracketFactors({ ids }: ClipVocabulary): ReadonlyMap<number, number> {
  const factors = new Map<number, number>()
  for (const [piece, id] of ids) {
    const factor = Array.from(piece).reduce((product, letter) => product * (bracketFactor[letter] ?? 1), 1)
    if (factor !== 1) factors.set(id, factor)
  }
  return factors
}

const cleaners: Readonly<Record<TextCleaning, (text: string) => string>> = {
  ftfy: (text) => collapseSpaces(fixText(text)).toLowerCase(),
  basic: cleanBasic,
  // Letter by letter: a final sigma is lowered like any other.
  fast: (text) =>
    Array.from(collapseSpaces(text.normalize('NFC')), (character) => character.toLowerCase()).join(''),
  'open-clip': (text) =>
    collapseSpaces(decodeAllReferences(decodeAllReferences(fixText(text)))).toLowerCase(),
}

const specialIds = new Map([
  ['<|startoftext|>', startOfText],
  ['<|endoftext|>', endOfText],
])
const word =
  /<\|startoftext\|>|<\|endoftext\|>|'(?:[sſtmd]|re|ve|ll)|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}\u0345]+/gu
const plainWord = /'(?:[sſtmd]|re|ve|ll)|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}\u0345]+/gu

/** The printable character that stands for each byte in the vocabulary. */
function createByteAlphabet(): readonly string[] {
  const isPrintable = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
  let substitute = 0x100
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCharCode(isPrintable(byte) ? byte : substitute++),
  )
}

const byteAlphabet = createByteAlphabet()

/** Joins neighbouring pieces, the merge of lowest rank first and all its places at once, until none applies. */
function mergePieces(symbols: readonly string[], ranks: ReadonlyMap<string, number>): readonly string[] {
  let pieces = symbols
  for (;;) {
    let best = Infinity
    let pair = ''
    for (let index = 1; index < pieces.length; index++) {
      const candidate = `${pieces[index - 1]} ${pieces[index]}`
      const rank = ranks.get(candidate) ?? Infinity
      if (rank < best) {
        best = rank
        pair = candidate
      }
    }
    if (best === Infinity) return pieces
    const joined: string[] = []
    for (let index = 0; index < pieces.length; index++) {
      const isPair = `${pieces[index]} ${pieces[index + 1]}` === pair
      joined.push(isPair ? `${pieces[index]}${pieces[++index]}` : (pieces[index] ?? ''))
    }
    pieces = joined
  }
}

/** A word's longest length in bytes that is looked up and remembered; longer ones are rare and would fill memory. */
const rememberedLength = 32
const rememberedWords = 20_000

function createSpecialSplitter(specials: Iterable<string>): RegExp {
  return new RegExp(`(${[...specials].map((text) => text.replace(/[|!]/g, '\\$&')).join('|')})`)
}

/**
 * Builds a tokenizer over a vocabulary; remembers up to 20 000 words it has encoded. `paddingText` is the padding token
 * where it is written as text ("!" for id 0): transformers then takes every such character for the padding token.
 */
export function createClipTokenizer(
  vocabulary: ClipVocabulary,
  cleaning: TextCleaning,
  paddingText?: string,
): ClipTokenizer {
  const specials = new Map(specialIds)
  if (paddingText !== undefined) specials.set(paddingText, vocabulary.ids.get(paddingText) ?? endOfText)
  const specialToken = createSpecialSplitter(specials.keys())
  const known = new Map<string, readonly number[]>()
  const clean = cleaners[cleaning]

  function encodeWord(text: string): readonly number[] {
    const remembered = known.get(text)
    if (remembered !== undefined) return remembered
    const symbols = Array.from(Buffer.from(text, 'utf8'), (byte) => byteAlphabet[byte] ?? '')
    symbols.push(`${symbols.pop() ?? ''}</w>`)
    const ids = mergePieces(symbols, vocabulary.ranks).map((piece) => vocabulary.ids.get(piece) ?? endOfText)
    if (text.length <= rememberedLength && known.size < rememberedWords) known.set(text, ids)
    return ids
  }

  function encodePart(text: string): readonly number[] {
    const words = clean(text).match(cleaning === 'open-clip' ? plainWord : word) ?? []
    return words.flatMap((found) => specialIds.get(found) ?? encodeWord(found))
  }

  let factors: ReadonlyMap<number, number> | undefined
  return {
    bracketFactors: () => (factors ??= findBracketFactors(vocabulary)),
    encode: (text) => {
      if (cleaning === 'open-clip') return encodePart(text)
      return text.split(specialToken).flatMap((part) => specials.get(part) ?? encodePart(part))
    },
  }
}

/** Start, at most 75 ids, end, then padding to 77; what the tokenizer gives for a whole prompt. */
export function padSequence(ids: readonly number[], paddingId: number): readonly number[] {
  const sequence = [startOfText, ...ids.slice(0, 75), endOfText]
  return sequence.concat(Array.from({ length: 77 - sequence.length }, () => paddingId))
}
