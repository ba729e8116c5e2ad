import { describe, expect, it } from 'vitest'
import { OpWriter } from './op-writer.ts'

describe('an op writer', () => {
  it('keeps the inputs an op was written with, whatever becomes of the list (dense blocks go on filling theirs)', () => {
    const writer = new OpWriter('v')
    const joined = [writer.write('Relu', ['']), writer.write('Relu', [''])]
    writer.write('Concat', joined, { axis: 1 })
    joined.push(writer.write('Relu', ['']))
    expect(writer.ops[2]!.inputs).toEqual(['v1', 'v2'])
  })
})
