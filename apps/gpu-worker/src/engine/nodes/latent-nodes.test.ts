import { describe, expect, it } from 'vitest'
import type { LatentValue } from '../node-graph/node-context.ts'
import { createTensor } from '../tensor/tensor.ts'
import { callNode, NodeValue, type NodeArgument } from './test-kit/call-node.ts'

// Two channels over 2 x 2 cells, two of which are empty. Expected values: ComfyUI 0.3.64 on the same latent.
const latent = createTensor([1, 2, 2, 2], Float32Array.of(3, 0, -1, 0, 4, 0, 2, 0))

async function apply(className: string, args: Record<string, NodeArgument>, samples = latent) {
  const operation = new NodeValue((await callNode(className, args))[0])
  const [given] = await callNode('LatentApplyOperation', { samples: new NodeValue({ samples }), operation })
  return [...(given as LatentValue).samples.data]
}

describe('operations on latents', () => {
  it.each([
    [
      'LatentOperationTonemapReinhard',
      { multiplier: 1.5 },
      [2.4122183, 0, -0.90173614, 0, 3.2162912, 0, 1.8034725, 0],
    ],
    [
      'LatentOperationSharpen',
      { sharpen_radius: 1, sigma: 1, alpha: 0.5 },
      [17.706478, 0, -6.6406074, 0, 14.378044, 0, 7.742857, 0],
    ],
  ] as const)('%s leaves empty cells empty', async (className, args, expected) => {
    const given = await apply(className, args)
    expect(Math.max(...given.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5)
    expect(await apply(className, args, createTensor([1, 2, 2, 2]))).toEqual(new Array(8).fill(0))
  })
})
