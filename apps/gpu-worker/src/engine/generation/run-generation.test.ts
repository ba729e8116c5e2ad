import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { Job, ImageFormat, ModelKind, NoiseSource } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import type { EngineOutcome } from '../../engine-protocol.ts'
import { createEmbeddingReader } from '../embedding-reader.ts'
import { ModelStore } from '../models/model-store.ts'
import { runGeneration } from './run-generation.ts'
import { createTestContext, type JobWatch } from './test-kit.ts'
import { readCases } from '../test-kit.ts'
import { TextModels } from '../text-models.ts'

const DEMO = new URL('../../../../../models/demo/', import.meta.url)
const CHECKPOINT = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'demo.safetensors', identity: 'demo' }

interface DemoCase {
  name: string
  prompt: string
  negative: string
  width: number
  height: number
  steps: number
  cfg: number
  seed: number
  sampler: string
  schedule: string
}

const toJob = (row: DemoCase, more: object = {}) =>
  Job.fromPartial({
    id: row.name,
    kind: {
      $case: 'generation',
      value: {
        images: [
          {
            prompt: row.prompt,
            negativePrompt: row.negative,
            seed: BigInt(row.seed),
            infotext: 'the infotext',
          },
        ],
        batchSize: 1,
        width: row.width,
        height: row.height,
        sampling: { sampler: row.sampler, schedule: row.schedule, steps: row.steps, guidanceScale: row.cfg },
        text: { clipSkip: 1, emphasis: 'Original', commaPaddingBacktrack: 20 },
        noise: { source: NoiseSource.NOISE_SOURCE_CPU },
        checkpoint: CHECKPOINT,
        output: { format: ImageFormat.IMAGE_FORMAT_PNG },
        ...more,
      },
    },
  })

describe('runGeneration with the demo checkpoint', () => {
  const models = new ModelStore({
    session: { device: 'cpu', threads: 2 },
    budgetBytes: 2 ** 30,
    maxBatchElements: 2 ** 20,
    onResidentsChanged: () => undefined,
  })
  models.setFiles([
    { ...CHECKPOINT, path: fileURLToPath(new URL('demo.safetensors', DEMO)), unusableReason: '' } as never,
  ])
  const texts = new TextModels(createEmbeddingReader(models))
  afterAll(() => models.clear())

  const run = async (job: Job, onEvent?: JobWatch['onEvent']) => {
    if (job.kind?.$case !== 'generation') throw new Error('no generation job')
    const context = createTestContext(job, { ...(onEvent && { onEvent }) })
    return runGeneration(job.kind.value, context, { models, texts })
  }
  const pixelsOf = async (bytes: Uint8Array) => sharp(bytes).raw().toBuffer()
  const first = (outcome: EngineOutcome) => outcome.files[0]!.bytes
  const cases = readCases<DemoCase>(new URL('expected/cases.jsonl', DEMO))

  // The portrait takes as long as all other tests together; the parity run has it.
  it.each(cases.filter(({ height }) => height <= 512))(
    'gives the picture PyTorch gives: $name',
    async (row) => {
      const bytes = first(await run(toJob(row)))
      const [ours, theirs] = [
        await pixelsOf(bytes),
        await pixelsOf(readFileSync(new URL(`expected/${row.name}.png`, DEMO))),
      ]
      expect(ours.length).toBe(theirs.length)
      const squares = ours.reduce((sum, value, i) => sum + (value - theirs[i]!) ** 2, 0)
      const psnr = 10 * Math.log10(255 ** 2 / Math.max(squares / ours.length, 1e-9))
      expect(psnr).toBeGreaterThan(40)
    },
  )

  const small: DemoCase = { ...cases.find(({ name }) => name === 'circle')!, width: 64, height: 64, steps: 4 }

  it('tells every step and stores the infotext', async () => {
    const steps: number[] = []
    const outcome = await run(toJob(small), (event) => {
      if (event.$case === 'stepProgress' && event.value.step > 0) steps.push(event.value.step)
    })
    expect(steps).toEqual([1, 2, 3, 4])
    expect(Buffer.from(first(outcome)).includes('tEXtparameters\0the infotext')).toBe(true)
  })

  it('ends within one step of a cancellation, with the picture so far', async () => {
    const steps: number[] = []
    const outcome = await run(toJob({ ...small, steps: 20 }), (event, control) => {
      if (event.$case !== 'stepProgress' || event.value.step === 0) return
      steps.push(event.value.step)
      if (event.value.step === 3) control.cancel()
    })
    expect(outcome).toMatchObject({ kind: 'interrupted', files: [{ mediaType: 'image/png' }] })
    expect(steps).toEqual([1, 2, 3])
  })

  it('gives an image of a batch the pixels it gets alone', async () => {
    const images = [5n, 6n].map((seed) => ({ prompt: small.prompt, negativePrompt: '', seed }))
    const batch = await run(toJob(small, { images, batchSize: 2 }))
    const alone = await run(toJob(small, { images: images.slice(1), batchSize: 1 }))
    expect(await pixelsOf(batch.files[1]!.bytes)).toEqual(await pixelsOf(first(alone)))
  })
})
