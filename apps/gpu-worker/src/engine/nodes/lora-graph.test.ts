import { Job, ModelFile, ModelKind, NodeGraphJob } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { ADAPTERS } from '../adapters/test-kit.ts'
import { createTestContext, openTestModels } from '../generation/test-kit.ts'
import { NodeCache } from '../node-graph/node-cache.ts'
import { runNodeGraph } from '../node-graph/run-node-graph.ts'
import { TextModels } from '../text-models.ts'

const { models } = openTestModels(
  ['kohya', 'wrong_shape'].map((name) =>
    ModelFile.fromPartial({
      ...{ kind: ModelKind.MODEL_KIND_LORA, name: `${name}.safetensors`, identity: name },
      path: new URL(`${name}.safetensors`, ADAPTERS).pathname,
    }),
  ),
)
const texts = new TextModels({ webui: () => new Map(), comfy: () => undefined })
afterAll(() => models.clear())

interface Strengths {
  readonly name?: string
  readonly model: number
  readonly clip: number
}

function graphOf({ name = 'kohya', model, clip }: Strengths) {
  const text = (words: string) => ({ class_type: 'CLIPTextEncode', inputs: { text: words, clip: ['2', 1] } })
  const lora = { lora_name: `${name}.safetensors`, strength_model: model, strength_clip: clip }
  const sampling = { seed: 3, steps: 2, cfg: 4, sampler_name: 'euler', scheduler: 'normal', denoise: 1 }
  return {
    '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'tiny.safetensors' } },
    '2': { class_type: 'LoraLoader', inputs: { model: ['1', 0], clip: ['1', 1], ...lora } },
    '3': text('a cat'),
    '4': text(''),
    '5': { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
    '6': {
      class_type: 'KSampler',
      inputs: {
        model: ['2', 0],
        positive: ['3', 0],
        negative: ['4', 0],
        latent_image: ['5', 0],
        ...sampling,
      },
    },
    '7': { class_type: 'VAEDecode', inputs: { samples: ['6', 0], vae: ['1', 2] } },
    '8': { class_type: 'SaveImage', inputs: { images: ['7', 0], filename_prefix: 'x' } },
  }
}

async function run(strengths: Strengths, cache = new NodeCache()) {
  const job = NodeGraphJob.fromPartial({
    graphJson: JSON.stringify(graphOf(strengths)),
    ...{ outputNodeIds: ['8'], extraDataJson: '{}', omitMetadata: true },
  })
  const context = createTestContext(Job.fromPartial({ id: 'job', kind: { $case: 'nodeGraph', value: job } }))
  const outcome = await runNodeGraph(job, context, { models, texts, cache })
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome))
  const pixels = await sharp(outcome.files[0]?.bytes).raw().toBuffer()
  return { pixels, ...outcome.result }
}

describe('a graph with LoraLoader', () => {
  it('draws another picture, with strengths of model and text encoders of their own', async () => {
    const pictures = []
    for (const [model, clip] of [
      [0, 0],
      [0.8, 0],
      [0, 0.8],
      [0.8, 0.8],
    ] as const)
      pictures.push((await run({ model, clip })).pixels.toString('base64'))
    expect(new Set(pictures).size).toBe(4)
  })

  it('runs again only what a changed strength changes', async () => {
    const cache = new NodeCache()
    await run({ model: 0.8, clip: 0.8 }, cache)
    const again = await run({ model: 0.5, clip: 0.8 }, cache)
    expect([...again.executedNodeIds].sort()).toEqual(['2', '3', '4', '6', '7', '8'])
  })

  it('tells in its remarks what of a file does not fit', async () => {
    const { remarks } = await run({ name: 'wrong_shape', model: 1, clip: 1 })
    expect(remarks).toEqual([expect.stringContaining('wrong_shape.safetensors: 1 modules do not fit')])
  })
})
