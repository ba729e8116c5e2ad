import { describe, expect, it } from 'vitest'
import { readCases } from '../test-kit.ts'
import { printTensor } from './print-tensor.ts'
import { createTensor } from './tensor.ts'

/** What torch 2 prints. Large tensors hold ((37 i) mod 101) / 101. */
interface Printed {
  readonly name: string
  readonly shape: readonly number[]
  readonly data?: readonly (number | 'NaN' | 'Infinity' | '-Infinity')[]
  readonly text: string
}

describe('a tensor is printed as torch does', () => {
  it.each(readCases<Printed>(new URL('__fixtures__/printed-tensors.jsonl', import.meta.url)))(
    '$name',
    ({ shape, data, text }) => {
      const tensor = createTensor(shape)
      tensor.data.forEach(
        (_, i) => (tensor.data[i] = data === undefined ? ((i * 37) % 101) / 101 : Number(data[i])),
      )
      expect(printTensor(tensor)).toBe(text)
    },
  )
})
