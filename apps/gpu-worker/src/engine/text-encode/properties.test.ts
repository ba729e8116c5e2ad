import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cleanBasic } from './clean-text/basic-clean.ts'
import { fixText } from './clean-text/fix-text.ts'
import { createClipTokenizers } from './clip-tokenizers.ts'
import { endOfText, startOfText } from './clip-tokenizer.ts'
import { findActiveEntry } from './conditioning.ts'
import { PromptError } from './prompt-error.ts'
import { tokenizePrompt } from './prompt-comfy/tokenize-prompt.ts'
import { parseWeights } from './prompt-comfy/parse-weights.ts'
import { chunkPrompt } from './prompt-webui/chunk-prompt.ts'
import { splitComposition } from './prompt-webui/composition.ts'
import { createEmbeddingIndex } from './prompt-webui/embedding-index.ts'
import { removeExtraNetworkTags } from './prompt-webui/extra-network-tags.ts'
import { parseEmphasis } from './prompt-webui/parse-emphasis.ts'
import { scanEmphasis } from './prompt-webui/scan-emphasis.ts'
import { schedulePrompt } from './prompt-webui/schedule.ts'
import type { TokenChunk } from './token-chunk.ts'

// What must hold of any text at all, hostile text above all.

const tokenizers = createClipTokenizers()
const anyText = fc.string({ unit: 'binary', maxLength: 60 })
/** Text full of what the grammars care about. */
const grammarText = fc
  .array(
    fc.constantFrom(
      ...[
        'a',
        'river',
        ' ',
        ',',
        ', ',
        '(',
        ')',
        '[',
        ']',
        ':',
        '|',
        '\\',
        '\n',
        '0.5',
        '1.2',
        '-1',
        '1e1',
        '猫',
      ],
      ...[
        'BREAK',
        ' AND ',
        '<lora:x:1>',
        'embedding:',
        ' embedding:emb',
        'my-emb',
        '(b:1.3)',
        '[a:b:0.5]',
        '[a|b]',
      ],
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''))
const promptText = fc.oneof(anyText, grammarText)

/** Runs a stage on a prompt; a PromptError is an answer too. */
function attempt<Result>(stage: () => Result): Result | undefined {
  try {
    return stage()
  } catch (error) {
    expect(error).toBeInstanceOf(PromptError)
    return undefined
  }
}

describe('tokenizers', () => {
  it('give ids of the vocabulary for any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const { encode } of [...Object.values(tokenizers.webui), tokenizers.comfy]) {
          expect(encode(text).every((id) => Number.isInteger(id) && id >= 0 && id <= endOfText)).toBe(true)
        }
      }),
    )
  })

  it('do not care for case, nor for how much white space there is', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(words, (list) => {
        const { encode } = tokenizers.webui.clip_l
        expect(encode(list.join(' \n\t ').toUpperCase())).toEqual(encode(list.join(' ')))
      }),
    )
  })

  it('encode words one by one', () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/)
    fc.assert(
      fc.property(word, word, (left, right) => {
        const { encode } = tokenizers.comfy
        expect(encode(`${left} ${right}`)).toEqual([...encode(left), ...encode(right)])
      }),
    )
  })

  it('stay quick on a word without end', () => {
    expect(tokenizers.webui.clip_l.encode('a'.repeat(4000)).length).toBeGreaterThan(100)
  })
})

describe('text cleaning', () => {
  it('changes nothing that was cleaned once', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const line = fixText(text.replaceAll('\n', ' ')).replaceAll('\n', ' ')
        expect(fixText(line)).toBe(line)
        const basic = cleanBasic(text)
        expect(cleanBasic(basic)).toBe(basic)
      }),
    )
  })

  it('leaves plain ASCII as it is', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9 .,()[\]:!?-]{0,40}$/), (text) => {
        expect(fixText(text)).toBe(text)
      }),
    )
  })
})

describe("A1111's grammar", () => {
  it('scans every character, and once', () => {
    fc.assert(
      fc.property(promptText, (prompt) => {
        const written = scanEmphasis(prompt).map((token) =>
          token.kind === 'text' && token.escaped ? `\\${token.text}` : token.text,
        )
        expect(written.join('')).toBe(prompt)
      }),
    )
  })

  it('gives pieces with finite weights and never two neighbours of one weight', () => {
    fc.assert(
      fc.property(promptText, (prompt) => {
        const pieces = attempt(() => parseEmphasis(prompt))
        if (pieces === undefined) return
        expect(pieces.length).toBeGreaterThan(0)
        expect(pieces.every(({ weight }) => Number.isFinite(weight))).toBe(true)
        pieces.slice(1).forEach((piece, index) => expect(piece.weight).not.toBe(pieces[index]?.weight))
      }),
    )
  })

  it('keeps text without brackets whole, with weight 1', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z ,.]{1,40}$/), (text) => {
        expect(parseEmphasis(text)).toEqual([{ text, weight: 1 }])
      }),
    )
  })

  it('gives timelines that ascend to the last step', () => {
    fc.assert(
      fc.property(promptText, fc.integer({ min: 1, max: 60 }), (prompt, steps) => {
        const ends = schedulePrompt(prompt, { steps }).map(({ endAtStep }) => endAtStep)
        expect(ends.at(-1)).toBe(steps)
        expect(ends.every((end, index) => end >= 1 && (index === 0 || end > (ends[index - 1] ?? 0)))).toBe(
          true,
        )
      }),
    )
  })

  it('makes of a text without schedule one entry with that text', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z ():,.]{0,40}$/), (prompt) => {
        expect(schedulePrompt(prompt, { steps: 9 })).toEqual([{ endAtStep: 9, text: prompt }])
      }),
    )
  })

  it('switches a scheduled word exactly after its boundary', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), (steps, boundary) => {
        const schedule = schedulePrompt(`[a:b:${boundary}]`, { steps })
        const textAt = (call: number) => schedule[findActiveEntry(schedule, call)]?.text
        for (let call = 0; call <= steps; call++) expect(textAt(call)).toBe(call <= boundary ? 'a' : 'b')
      }),
    )
  })

  it('splits compositions into at least one part, and no more than one after each AND', () => {
    fc.assert(
      fc.property(promptText, (prompt) => {
        const parts = splitComposition(prompt)
        expect(parts.length).toBeGreaterThanOrEqual(1)
        expect(parts.length).toBeLessThanOrEqual(prompt.split('AND').length)
        expect(parts.every(({ weight }) => Number.isFinite(weight))).toBe(true)
      }),
    )
  })

  it('leaves no tag behind that it would cut out', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z<>:]{0,30}$/), (prompt) => {
        expect(removeExtraNetworkTags(prompt).length).toBeLessThanOrEqual(prompt.length)
        if (!prompt.includes('<')) expect(removeExtraNetworkTags(prompt)).toBe(prompt)
      }),
    )
  })
})

function expectWholeChunks(chunks: readonly TokenChunk[]): void {
  expect(chunks.length).toBeGreaterThan(0)
  for (const { tokens, weights, vectors } of chunks) {
    expect([tokens.length, weights.length, tokens[0]]).toEqual([77, 77, startOfText])
    expect(tokens.includes(endOfText)).toBe(true)
    expect(vectors.every(({ position }) => position > 0 && position < 77)).toBe(true)
  }
}

describe('chunks', () => {
  const tokenizer = tokenizers.webui.clip_l
  const embeddings = createEmbeddingIndex([{ name: 'my-emb', vectorCount: 9 }], tokenizer)

  it('of A1111 are whole for any prompt', () => {
    fc.assert(
      fc.property(
        promptText,
        fc.nat(74),
        fc.constantFrom(0, endOfText),
        (prompt, commaBacktrack, paddingId) => {
          const settings = { tokenizer, embeddings, emphasis: 'Original' as const, commaBacktrack, paddingId }
          const chunked = attempt(() => chunkPrompt(prompt.repeat(4), settings))
          if (chunked === undefined) return
          expectWholeChunks(chunked.chunks)
          expect(chunked.tokenCount).toBeLessThanOrEqual(75 * chunked.chunks.length)
        },
      ),
    )
  })

  it('of A1111 hold all tokens of a plain text, in order', () => {
    const words = fc.array(fc.constantFrom('river', 'stone', ',', 'supercalifragilistic'), { maxLength: 200 })
    fc.assert(
      fc.property(words, (list) => {
        const text = list.join(' ')
        const settings = {
          tokenizer,
          embeddings,
          emphasis: 'Original' as const,
          commaBacktrack: 20,
          paddingId: endOfText,
        }
        const { chunks } = chunkPrompt(text, settings)
        const kept = chunks.flatMap(({ tokens }) => tokens.filter((token) => token < startOfText))
        expect(kept).toEqual(tokenizer.encode(text))
      }),
      { numRuns: 40 },
    )
  })

  it('of ComfyUI are whole for any prompt', () => {
    const countVectors = (name: string) => (name === 'emb' ? 9 : undefined)
    fc.assert(
      fc.property(promptText, fc.constantFrom(0, endOfText), (prompt, paddingId) => {
        const settings = { tokenizer: tokenizers.comfy, paddingId, countVectors }
        const chunks = attempt(() => tokenizePrompt(prompt.repeat(4), settings))
        if (chunks !== undefined) expectWholeChunks(chunks)
      }),
    )
  })

  it('of ComfyUI do not cut short groups', () => {
    const river = 'river '.repeat(72)
    const chunks = tokenizePrompt(`${river}(red blue green stone:1.2)`, {
      tokenizer: tokenizers.comfy,
      paddingId: endOfText,
    })
    expect(chunks[1]?.weights.slice(1, 6)).toEqual([1.2, 1.2, 1.2, 1.2, 1])
  })
})

describe("ComfyUI's weights", () => {
  it('lose no character but brackets, weights and backslashes', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z ()]{0,40}$/), (prompt) => {
        const text = parseWeights(prompt)
          .map((part) => part.text)
          .join('')
        expect(text.replaceAll(/[()]/g, '')).toBe(prompt.replaceAll(/[()]/g, ''))
      }),
    )
  })

  it('multiply by 1.1 for each bracket around', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20 }), (depth) => {
        const [part] = parseWeights(`${'('.repeat(depth)}a${')'.repeat(depth)}`)
        expect(part?.weight).toBeCloseTo(1.1 ** depth, 8)
      }),
    )
  })
})
