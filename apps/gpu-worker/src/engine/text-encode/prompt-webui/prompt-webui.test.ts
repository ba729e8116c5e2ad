import { describe, expect, it } from 'vitest'
import { maxDifference, openFixture, readCases } from '../../test-kit.ts'
import { createTensor } from '../../tensor/tensor.ts'
import { findActiveEntry } from '../conditioning.ts'
import { checkPromptLength, PromptError } from '../prompt-error.ts'
import { applyEmphasis } from './apply-emphasis.ts'
import { splitComposition } from './composition.ts'
import { removeExtraNetworkTags } from './extra-network-tags.ts'
import { parseEmphasis, type EmphasisMode } from './parse-emphasis.ts'
import { scanEmphasis } from './scan-emphasis.ts'
import { schedulePrompt } from './schedule.ts'

// Outputs of A1111's code (Forge f2.0.1, lark 1.1.2).
const fixtures = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)

interface AttentionRow {
  readonly text: string
  readonly emphasis?: EmphasisMode
  readonly parsed?: readonly [string, number][]
  readonly error?: string
}
interface ScheduleRow {
  readonly text: string
  readonly steps: number
  readonly hires_steps: number | null
  readonly use_old_scheduling: boolean
  readonly schedule: readonly [number, string][]
}
interface CompositionRow {
  readonly prompts: readonly string[]
  readonly indexes: readonly (readonly [number, number][])[]
  readonly flat: readonly string[]
}

describe('parseEmphasis', () => {
  const rows = readCases<AttentionRow>(fixtures('attention.jsonl'))
  const good = rows.filter(({ error }) => error === undefined)

  it('splits and weighs every prompt as the original', () => {
    expect(good.length).toBeGreaterThan(250)
    for (const { text, emphasis, parsed } of good) {
      const pieces = parseEmphasis(text, emphasis).map((piece) => [piece.text, piece.weight])
      expect(pieces, JSON.stringify(text)).toEqual(parsed)
    }
  })

  it('refuses a weight that is no number, in the words of the original', () => {
    const bad = rows.filter(({ error }) => error !== undefined)
    expect(bad).not.toEqual([])
    for (const { text, error } of bad) {
      expect(() => parseEmphasis(text)).toThrow(PromptError)
      expect(() => parseEmphasis(text)).toThrow(error?.replace('ValueError: ', ''))
    }
  })

  it('keeps such a weight as text where no bracket is open', () => {
    expect(parseEmphasis('a:1.2.3)')).toEqual([{ text: 'a:1.2.3)', weight: 1 }])
  })

  it('takes BREAK only as a word of its own', () => {
    expect(parseEmphasis('猫BREAK b')).toEqual([{ text: '猫BREAK b', weight: 1 }])
    expect(parseEmphasis('猫 BREAK b').map(({ weight }) => weight)).toEqual([1, -1, 1])
  })
})

describe('scanEmphasis', () => {
  it('gives every character to one token', () => {
    const prompt = 'a (b\\): [c:1.2) :0.5) \\x'
    const kinds = scanEmphasis(prompt).map((token) => [token.kind, token.text])
    expect(kinds).toEqual([
      ['text', 'a '],
      ['bracket', '('],
      ['text', 'b'],
      ['text', ')'],
      ['text', ':'],
      ['text', ' '],
      ['bracket', '['],
      ['text', 'c'],
      ['weight', ':1.2)'],
      ['text', ' '],
      ['weight', ':0.5)'],
      ['text', ' '],
      ['text', ''],
      ['text', 'x'],
    ])
  })
})

describe('schedulePrompt', () => {
  it('gives the timeline of the original for both passes and both rules', () => {
    const rows = readCases<ScheduleRow>(fixtures('schedule.jsonl'))
    expect(rows.length).toBeGreaterThan(400)
    for (const { text, steps, hires_steps, use_old_scheduling, schedule } of rows) {
      const passSteps = { steps, hiresSteps: hires_steps ?? undefined, useOldScheduling: use_old_scheduling }
      const entries = schedulePrompt(text, passSteps).map((entry) => [entry.endAtStep, entry.text])
      expect(entries, JSON.stringify([text, passSteps])).toEqual(schedule)
    }
  })

  it.each([
    [
      'a [b:.5] c',
      [
        [5, 'a  c'],
        [10, 'a b c'],
      ],
    ],
    [
      'a [cat:dog:5], 10:30, foo',
      [
        [5, 'a cat, 10:30, foo'],
        [10, 'a dog, 10:30, foo'],
      ],
    ],
    ['a | b [c:d:5]', [[10, 'a | b [c:d:5]']]],
    ['[a:b:1e1]', [[10, 'a']]],
    ['[a:b:1e400]', [[10, 'a']]],
  ])('reads %j over 10 steps', (prompt, entries) => {
    expect(schedulePrompt(prompt, { steps: 10 }).map(({ endAtStep, text }) => [endAtStep, text])).toEqual(
      entries,
    )
  })

  it('takes brackets nested without end as text', () => {
    const prompt = `${'['.repeat(100_000)}a:b:3]`
    expect(schedulePrompt(prompt, { steps: 10 })).toEqual([{ endAtStep: 10, text: prompt }])
  })
})

describe('findActiveEntry', () => {
  it('uses an entry up to and including the call of its end', () => {
    const rows = readCases<{ schedule: [number, string][]; entry_at_step: number[] }>(
      fixtures('active.jsonl'),
    )
    for (const { schedule, entry_at_step } of rows) {
      const entries = schedule.map(([endAtStep]) => ({ endAtStep }))
      expect(entry_at_step.map((_, call) => findActiveEntry(entries, call))).toEqual(entry_at_step)
    }
  })

  it('falls back to the first entry past the end', () => {
    expect(findActiveEntry([{ endAtStep: 2 }, { endAtStep: 4 }], 9)).toBe(0)
  })
})

describe('splitComposition', () => {
  it('splits at AND and reads weights as the original', () => {
    const rows = readCases<CompositionRow>(fixtures('composition.jsonl'))
    expect(rows.length).toBeGreaterThan(50)
    for (const { prompts, indexes, flat } of rows) {
      const wanted = indexes.map((parts) => parts.map(([index, weight]) => ({ text: flat[index], weight })))
      expect(prompts.map(splitComposition), JSON.stringify(prompts)).toEqual(wanted)
    }
  })

  it('is quick on long runs of blanks', () => {
    expect(splitComposition(`a${' '.repeat(200_000)}b`)).toHaveLength(1)
  })
})

describe('emphasis', () => {
  it('of thousands of brackets that never close multiplies as often as they opened, one factor after the other', () => {
    const pieces = parseEmphasis('(a'.repeat(20_000))
    let weight = 1
    for (const piece of pieces.slice(0, 7_000)) expect(piece).toEqual({ text: 'a', weight: (weight *= 1.1) })
    expect(pieces.at(-1)!.weight).toBe(Infinity)
  })

  it('is not read in a text that is longer than any prompt', () => {
    expect(() => checkPromptLength('a'.repeat(65_536))).not.toThrow()
    expect(() => checkPromptLength('a'.repeat(65_537))).toThrow('at most 65536 characters, got 65537')
  })
})

describe('removeExtraNetworkTags', () => {
  it('cuts tags out and nothing else', () => {
    for (const { text, prompt } of readCases<{ text: string; prompt: string }>(
      fixtures('extra-networks.jsonl'),
    )) {
      expect(removeExtraNetworkTags(text)).toBe(prompt)
    }
  })

  it('reads a text of a million beginnings without an end as quickly as any', () => {
    const text = '<lora:'.repeat(1_000_000)
    expect(removeExtraNetworkTags(text)).toBe(text)
    expect(removeExtraNetworkTags(`${text}>b`)).toBe('b')
  })
})

describe('applyEmphasis', () => {
  const tensors = openFixture(fixtures('emphasis.safetensors'))
  const hidden = tensors.tensor('emphasis.z')
  const weights = { weights: [Array.from(tensors.tensor('emphasis.multipliers').data)] }

  it.each<EmphasisMode>(['None', 'Ignore', 'Original', 'No norm'])(
    'weighs as the original in mode %j',
    (mode) => {
      const wanted = tensors.tensor(`emphasis.${mode}`)
      expect(maxDifference(applyEmphasis(hidden, weights, mode), wanted)).toBeLessThan(1e-5)
    },
  )

  it('counts a row as often as it stands for others', () => {
    const row = Array.from({ length: 77 }, (_, index) => 1 + index / 77)
    const plain = Array.from({ length: 77 }, () => 1)
    const threeRows = createTensor(
      [3, 77, 4],
      Float32Array.from([...hidden.data, ...hidden.data, ...hidden.data.map((value) => value + 1)]),
    )
    const twoRows = createTensor([2, 77, 4], threeRows.data.slice(77 * 4))
    const wanted = applyEmphasis(threeRows, { weights: [row, row, plain] }, 'Original').data.subarray(77 * 4)
    const got = applyEmphasis(twoRows, { weights: [row, plain], rowCounts: [2, 1] }, 'Original').data
    expect(maxDifference(createTensor([2, 77, 4], got), createTensor([2, 77, 4], wanted))).toBeLessThan(1e-6)
  })

  it('leaves what it was given as it was', () => {
    const before = Float32Array.from(hidden.data)
    applyEmphasis(hidden, weights, 'Original')
    expect(hidden.data).toEqual(before)
  })
})
