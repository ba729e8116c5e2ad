import { describe, expect, it } from 'vitest'
import { callNode, NodeValue } from './test-kit/call-node.ts'

const model = { checkpoint: { name: 'm' } }
const windows = { context_length: 2, context_overlap: 1, context_schedule: 'batched', context_stride: 1 }
const open = (dim: number) =>
  callNode('ContextWindowsManual', {
    ...{ model: new NodeValue(model), ...windows, closed_loop: false, fuse_method: 'flat' },
    dim,
  })

describe('ContextWindowsManual', () => {
  it('leaves a model as it is whose pictures do not see each other', async () => {
    expect(await open(0)).toEqual([model])
  })

  it('says that it looks along no other dimension than the batch', async () => {
    await expect(open(2)).rejects.toThrow(/not supported/)
  })
})
