import type { InputDefinition, NodeDefinition } from './node-definition.ts'

/** A share of the first model. */
const SHARE: InputDefinition = { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } }

interface Blocks {
  /** Input blocks, and as many output blocks. */
  readonly count: number
  /** What stands after a block's number: SDXL's class leaves the point out. */
  readonly end: '.' | ''
}

function mergeBlocks(className: string, { count, end }: Blocks): NodeDefinition {
  const name = (half: string, length: number) =>
    Array.from({ length }, (_, block) => `${half}.${block}${end}`)
  const starts = [
    ...['time_embed.', 'label_emb.'],
    ...name('input_blocks', count),
    ...name('middle_block', 3),
    ...name('output_blocks', count),
    'out.',
  ]
  return {
    ...{ className, displayName: className, category: 'advanced/model_merging/model_specific' },
    pythonModule: 'comfy_extras.nodes_model_merging_model_specific',
    inputs: {
      required: {
        model1: { type: 'MODEL' },
        model2: { type: 'MODEL' },
        ...Object.fromEntries(starts.map((start) => [start, SHARE])),
      },
    },
    outputs: [{ type: 'MODEL' }],
  }
}

/** Models mixed block by block, each with a share of its own. */
export const blockMergingNodes: readonly NodeDefinition[] = [
  mergeBlocks('ModelMergeSD1', { count: 12, end: '.' }),
  mergeBlocks('ModelMergeSD2', { count: 12, end: '.' }),
  mergeBlocks('ModelMergeSDXL', { count: 9, end: '' }),
]
