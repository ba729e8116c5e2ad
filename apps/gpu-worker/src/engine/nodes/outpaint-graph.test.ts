import { readFileSync } from 'node:fs'
import { Job, ModelFile, ModelKind, NodeGraphJob } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import type { JobContext } from '../job-context.ts'
import { ModelStore } from '../models/model-store.ts'
import { NodeCache } from '../node-graph/node-cache.ts'
import { runNodeGraph } from '../node-graph/run-node-graph.ts'
import { unpackTinyCheckpoint } from '../test-kit.ts'
import { TextModels } from '../text-models.ts'

const here = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)
const SOURCE = 'outpaint-source.png'

const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
})
models.setFiles([
  ModelFile.fromPartial({
    ...{ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'tiny.safetensors', identity: 'tiny' },
    path: unpackTinyCheckpoint(),
  }),
])
const texts = new TextModels({ webui: () => new Map(), comfy: () => undefined })
afterAll(() => models.clear())

const text = (words: string) => ({ class_type: 'CLIPTextEncode', inputs: { text: words, clip: ['1', 1] } })
const padding = { left: 16, top: 8, right: 0, bottom: 24, feathering: 8 }
const sampling = { seed: 5, steps: 4, cfg: 5, sampler_name: 'euler', scheduler: 'normal', denoise: 0.9 }
const GRAPH = {
  '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'tiny.safetensors' } },
  '2': { class_type: 'LoadImage', inputs: { image: SOURCE } },
  '3': { class_type: 'ImagePadForOutpaint', inputs: { image: ['2', 0], ...padding } },
  '4': {
    class_type: 'VAEEncodeForInpaint',
    inputs: { pixels: ['3', 0], vae: ['1', 2], mask: ['3', 1], grow_mask_by: 6 },
  },
  '5': text('a photo of a cat'),
  '6': text('blurry'),
  '7': {
    class_type: 'KSampler',
    inputs: {
      model: ['1', 0],
      positive: ['5', 0],
      negative: ['6', 0],
      latent_image: ['4', 0],
      ...sampling,
    },
  },
  '8': { class_type: 'VAEDecode', inputs: { samples: ['7', 0], vae: ['1', 2] } },
  '9': { class_type: 'SaveImage', inputs: { images: ['8', 0], filename_prefix: 'x' } },
}

async function draw() {
  const job = NodeGraphJob.fromPartial({
    graphJson: JSON.stringify(GRAPH),
    inputFiles: [{ reference: SOURCE, blob: { key: 'source' } }],
    ...{ outputNodeIds: ['9'], extraDataJson: '{}', omitMetadata: true },
  })
  const context: JobContext = {
    job: Job.fromPartial({ id: 'job', kind: { $case: 'nodeGraph', value: job } }),
    inputs: new Map([['source', readFileSync(here(SOURCE))]]),
    ...{ cancelled: new AbortController().signal, takeSkip: () => false },
    ...{ finishPixels: (pixels) => pixels, tell: () => undefined },
    ...{ sendEarly: () => undefined, allocate: async () => 1 },
  }
  const outcome = await runNodeGraph(job, context, { models, texts, cache: new NodeCache() })
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome))
  return sharp(outcome.files[0]?.bytes).raw().toBuffer({ resolveWithObject: true })
}

describe('a graph that paints beyond the edges of a picture', () => {
  it('draws the picture ComfyUI draws', async () => {
    const { data, info } = await draw()
    const recorded = await sharp(readFileSync(here('outpainted.png')))
      .raw()
      .toBuffer()
    expect([info.width, info.height]).toEqual([64, 72])
    // Values are cut off, not rounded: the last bit of a sum may move one by 1.
    const worst = Math.max(...data.map((value, i) => Math.abs(value - recorded[i]!)))
    expect([data.length, worst <= 1]).toEqual([recorded.length, true])
  })
})
