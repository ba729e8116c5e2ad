import { describe, expect, it } from 'vitest'
import type { NodeContext } from '../node-graph/node-context.ts'
import { NodeInputs } from '../node-graph/node-inputs.ts'
import { createTensor } from '../tensor/tensor.ts'
import { textNodes } from './text-nodes.ts'

async function run(name: string, inputs: Record<string, unknown>) {
  return textNodes[name]!(new NodeInputs(new Map(Object.entries(inputs))), {} as NodeContext)
}

async function valueOf(name: string, inputs: Record<string, unknown>): Promise<unknown> {
  return (await run(name, inputs)).outputs[0]
}

describe('nodes of texts', () => {
  it.each([
    [1n, 3n, '😀b'],
    [-2n, 100n, 'cd'],
    [2n, -1n, 'bc'],
    [3n, 1n, ''],
  ])('cut by code points from %d to %d', async (start, end, expected) => {
    expect(await valueOf('StringSubstring', { string: 'a😀bcd', start, end })).toBe(expected)
  })

  it('count code points', async () => {
    expect(await valueOf('StringLength', { string: 'a😀b' })).toBe(3n)
  })

  it('join with a delimiter', async () => {
    const inputs = { string_a: 'a', string_b: 'b', delimiter: ', ' }
    expect(await valueOf('StringConcatenate', inputs)).toBe('a, b')
  })

  it.each([
    ['UPPERCASE', 'IT’S A TEST'],
    ['lowercase', 'it’s a test'],
    ['Capitalize', 'It’s a test'],
    ['Title Case', 'It’S A Test'],
  ])('convert to %s as Python does', async (mode, expected) => {
    expect(await valueOf('CaseConverter', { string: 'it’s A tesT', mode })).toBe(expected)
  })

  it.each([
    ['Both', 'a'],
    ['Left', 'a '],
    ['Right', ' a'],
  ])('trim %s', async (mode, expected) => {
    expect(await valueOf('StringTrim', { string: ' a ', mode })).toBe(expected)
  })

  it('replace every place, taking the text literally', async () => {
    const inputs = { string: 'a.b.c', find: '.', replace: '$&' }
    expect(await valueOf('StringReplace', inputs)).toBe('a$&b$&c')
  })

  it.each([
    ['Starts With', true, false],
    ['Starts With', false, true],
    ['Equal', false, false],
  ])('compare: %s, case sensitive %s', async (mode, isExact, expected) => {
    const inputs = { string_a: 'Hello', string_b: 'HE', mode, case_sensitive: isExact }
    expect(await valueOf('StringCompare', inputs)).toBe(expected)
  })

  it('find a part', async () => {
    const inputs = { string: 'Hello', substring: 'ELL' }
    expect(await valueOf('StringContains', { ...inputs, case_sensitive: false })).toBe(true)
    expect(await valueOf('StringContains', { ...inputs, case_sensitive: true })).toBe(false)
  })
})

describe('PreviewAny', () => {
  const picture = createTensor([1, 1, 2], Float32Array.of(0, 0.5))
  const [tokens, pooled] = [createTensor([1, 1, 1]), createTensor([1, 1])]
  const noiseMask = createTensor([1], Float32Array.of(1))
  it.each<[text: string, source: unknown]>([
    ['text', 'text'],
    ['5', 5n],
    ['2.0', 2],
    ['True', true],
    ['None', null],
    ['{"a": 1}', new Map([['a', 1n]])],
    ['tensor([[[0.0000, 0.5000]]])', picture],
    ['tensor([14.5000,  0.0000])', [14.5, 0]],
    [
      "{'samples': tensor([[[0.0000, 0.5000]]]), 'noise_mask': tensor([1.]), 'batch_index': [3, 4]}",
      { samples: picture, noiseMask, batchIndex: [3, 4] },
    ],
    [
      "[[tensor([[[0.]]]), {'pooled_output': tensor([[0.]])}], [tensor([[[0.]]]), {'pooled_output': None}]]",
      [{ tokens, pooled }, { tokens }],
    ],
    ['source exists, but could not be serialized.', { checkpoint: { name: 'x' } }],
  ])('shows %s', async (text, source) => {
    expect((await run('PreviewAny', { source })).ui).toEqual({ text: [text] })
  })
})

describe('primitives', () => {
  it('give what they are given, integers with all their digits', async () => {
    expect(await valueOf('PrimitiveInt', { value: 9223372036854775807n })).toBe(9223372036854775807n)
    expect(await valueOf('PrimitiveFloat', { value: 0.5 })).toBe(0.5)
    expect(await valueOf('PrimitiveBoolean', { value: true })).toBe(true)
    expect(await valueOf('PrimitiveString', { value: 'a' })).toBe('a')
  })
})
