import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  createClipTokenizer,
  endOfText,
  padSequence,
  startOfText,
  type TextCleaning,
} from './clip-tokenizer.ts'
import { loadClipVocabulary } from './clip-vocabulary.ts'

interface EncodeCase {
  readonly kind: 'encode'
  readonly text: string
  readonly ids: readonly number[]
  readonly basic?: readonly number[]
  readonly fast?: readonly number[]
  readonly openclip?: readonly number[]
}
interface PaddedCase {
  readonly kind: 'padded'
  readonly tokenizer: string
  readonly text: string
  readonly ids: readonly number[]
}

// Made by transformers 4.46 and open_clip; see tokenizer.jsonl's kinds above.
const cases = readFileSync(new URL('__fixtures__/tokenizer.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as EncodeCase | PaddedCase | { readonly kind: 'special' })
const encodeCases = cases.filter((entry) => entry.kind === 'encode')
const paddedCases = cases.filter((entry) => entry.kind === 'padded')

const vocabulary = loadClipVocabulary()
const tokenizers = {
  ftfy: createClipTokenizer(vocabulary, 'ftfy'),
  basic: createClipTokenizer(vocabulary, 'basic'),
  fast: createClipTokenizer(vocabulary, 'fast'),
  'open-clip': createClipTokenizer(vocabulary, 'open-clip'),
}

function differences(cleaning: TextCleaning, wanted: (entry: EncodeCase) => readonly number[]) {
  return encodeCases
    .map((entry) => ({ text: entry.text, want: wanted(entry), got: tokenizers[cleaning].encode(entry.text) }))
    .filter(({ want, got }) => JSON.stringify(want) !== JSON.stringify(got))
}

describe('the CLIP vocabulary', () => {
  it('holds 49408 pieces and 48894 merges', () => {
    expect(vocabulary.ids.size).toBe(49408)
    expect(vocabulary.ranks.size).toBe(48894)
  })

  it('begins with the printable bytes and ends with the two special tokens', () => {
    expect(vocabulary.ids.get('!')).toBe(0)
    expect(vocabulary.ids.get('!</w>')).toBe(256)
    expect(vocabulary.ids.get('<|startoftext|>')).toBe(startOfText)
    expect(vocabulary.ids.get('<|endoftext|>')).toBe(endOfText)
  })
})

describe('the CLIP tokenizer', () => {
  it('gives the ids of the slow tokenizer with ftfy', () => {
    expect(encodeCases.length).toBeGreaterThan(300)
    expect(differences('ftfy', (entry) => entry.ids)).toEqual([])
  })

  it('gives the ids of the slow tokenizer without ftfy', () => {
    expect(differences('basic', (entry) => entry.basic ?? entry.ids)).toEqual([])
  })

  it('gives the ids of the tokenizers library', () => {
    expect(differences('fast', (entry) => entry.fast ?? entry.ids)).toEqual([])
  })

  it("gives the ids of open_clip's tokenizer", () => {
    expect(differences('open-clip', (entry) => entry.openclip ?? entry.ids)).toEqual([])
  })

  it('pads whole prompts to 77 with the id of each model', () => {
    expect(paddedCases.length).toBe(19)
    for (const { tokenizer, text, ids } of paddedCases) {
      const { encode } = tokenizers[tokenizer === 'open_clip' ? 'open-clip' : 'ftfy']
      const padding = tokenizer === 'sd1' || tokenizer === 'sdxl_1' ? endOfText : 0
      expect(padSequence(encode(text), padding), `${tokenizer}: ${text.slice(0, 40)}`).toEqual(ids)
    }
  })

  it('knows special tokens in text, except in open_clip', () => {
    expect(tokenizers.basic.encode('<|endoftext|>')).toEqual([endOfText])
    expect(tokenizers.basic.encode('a<|startoftext|>b')).toEqual([320, startOfText, 321])
    expect(tokenizers['open-clip'].encode('<|endoftext|>')).not.toContain(endOfText)
  })

  it('takes the padding token where it is written as text', () => {
    const { encode } = createClipTokenizer(vocabulary, 'ftfy', '!')
    expect(encode('a cat!! b')).toEqual([320, 2368, 0, 0, 321])
    expect(encode('a <|endoftext|>!')).toEqual([320, endOfText, 0])
  })

  it('answers the same when a word comes again', () => {
    const { encode } = createClipTokenizer(vocabulary, 'basic')
    expect(encode('lighthouse lighthouse')).toEqual([...encode('lighthouse'), ...encode('lighthouse')])
  })

  it('survives lone surrogates', () => {
    expect(tokenizers.ftfy.encode('a\ud800b')).toEqual(tokenizers.ftfy.encode('a\ufffdb'))
    expect(tokenizers.basic.encode('a\ud800b')).toEqual(tokenizers.basic.encode('ab'))
  })
})
