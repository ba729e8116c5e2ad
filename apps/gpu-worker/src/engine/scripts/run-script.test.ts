import { ImageFormat, Job, OutpaintSide, type ScriptJob } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import type { EngineOutcome } from '../../engine-protocol.ts'
import {
  createTestContext,
  openTestModels,
  pixelsOf,
  smallJob,
  smallSampling,
  TINY,
  type JobWatch,
} from '../generation/test-kit.ts'
import { runScript } from './run-script.ts'

// The tiny checkpoint draws noise: what is asserted is which pictures pass between parts, and where they end up.
const { models, texts } = openTestModels()

function run(script: object, watch?: JobWatch): Promise<EngineOutcome> {
  const job = Job.fromPartial({ kind: { $case: 'script', value: script } })
  const context = createTestContext(job, watch)
  return runScript((job.kind as { value: ScriptJob }).value, context, { models, texts })
}

const output = { format: ImageFormat.IMAGE_FORMAT_PNG }
const SOURCE = { key: 'source' }

async function picture(width: number, height: number): Promise<ReadonlyMap<string, Uint8Array>> {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 31 + (i >> 5) * 7) % 256)
  return new Map([
    [
      'source',
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer(),
    ],
  ])
}

const overSource = (changes: object = {}) =>
  smallJob({
    sampling: smallSampling({ steps: 2 }),
    source: { images: [SOURCE], strength: 0.5, resizeMode: 1, backgroundColor: '#ffffff', ...changes },
  })

const MASK = { blurX: 0, blurY: 0, round: true, content: 2, onlyMasked: false, padding: 0 }

describe('a script', () => {
  afterAll(() => models.clear())

  it('runs its parts one after the other and counts their passes together', async () => {
    const told: { pass: number; total?: number }[] = []
    const parts = [
      smallJob({ sampling: smallSampling({ steps: 2 }) }),
      smallJob({ sampling: smallSampling({ steps: 3 }) }),
    ]
    const outcome = await run(
      { parts, output },
      {
        onEvent: (event) => {
          if (event.$case === 'jobStart') told.push({ pass: -1, total: event.value.passCount })
          if (event.$case === 'stepProgress' && event.value.step === 0)
            told.push({ pass: event.value.passIndex })
        },
      },
    )
    expect(outcome.kind).toBe('done')
    expect(outcome.files).toHaveLength(2)
    expect(outcome.result).toMatchObject({ imageIndexes: [0, 1], partFileCounts: [1, 1] })
    expect(told).toEqual([{ pass: -1, total: 2 }, { pass: 0 }, { pass: 1 }])
  })

  it('makes of each part what a generation of its own makes', async () => {
    const part = smallJob({ sampling: smallSampling({ steps: 2 }) })
    const [alone] = (await run({ parts: [part], output })).files
    const both = await run({ parts: [smallJob({ sampling: smallSampling({ steps: 1 }) }), part], output })
    expect(Buffer.from(both.files[1]!.bytes).equals(Buffer.from(alone!.bytes))).toBe(true)
  })

  it('ends with the parts that were finished when it is cancelled', async () => {
    const parts = [smallJob(), smallJob(), smallJob()]
    const outcome = await run(
      { parts, output },
      {
        onEvent: (event, { cancel }) => {
          if (event.$case === 'stepProgress' && event.value.passIndex === 1 && event.value.step === 1)
            cancel()
        },
      },
    )
    expect(outcome.kind).toBe('interrupted')
    expect(outcome.result).toMatchObject({ imageIndexes: [0, 1], partFileCounts: [1, 1, 0] })
  })

  it('fails with the error of a part that cannot run', async () => {
    const parts = [smallJob({ checkpoint: { ...TINY, name: 'missing.safetensors', identity: 'missing' } })]
    await expect(run({ parts, output })).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('a loopback', () => {
  it('draws each part over what the one before it made', async () => {
    const inputs = await picture(64, 64)
    const looped = await run(
      { parts: [overSource(), overSource()], output, work: { $case: 'loopback', value: { loops: 2 } } },
      { inputs },
    )
    expect(looped.result).toMatchObject({ imageIndexes: [0, 1], partFileCounts: [1, 1] })
    const again = await run(
      { parts: [overSource()], output },
      { inputs: new Map([['source', looped.files[0]!.bytes]]) },
    )
    expect((await pixelsOf(looped, 1)).data.equals((await pixelsOf(again)).data)).toBe(true)
  })

  it('begins each row with the first picture, and keeps the last picture of rows alone where it is asked to', async () => {
    const inputs = await picture(64, 64)
    const parts = [overSource(), overSource(), overSource(), overSource()]
    const outcome = await run(
      { parts, output, work: { $case: 'loopback', value: { loops: 2, keepLast: true } } },
      { inputs },
    )
    expect(outcome.result).toMatchObject({ imageIndexes: [1, 3], partFileCounts: [0, 1, 0, 1] })
    expect((await pixelsOf(outcome, 0)).data.equals((await pixelsOf(outcome, 1)).data)).toBe(true)
  })

  it('leaves out the part it was cancelled in, and goes to the next row after a skip', async () => {
    const inputs = await picture(64, 64)
    const work = { $case: 'loopback', value: { loops: 2, keepLast: false } }
    const parts = [overSource(), overSource(), overSource(), overSource()]
    const at = (pass: number, act: 'cancel' | 'skip'): JobWatch => ({
      inputs,
      onEvent: (event, control) => {
        if (event.$case === 'stepProgress' && event.value.passIndex === pass && event.value.step === 1)
          control[act]()
      },
    })
    const cancelled = await run({ parts, output, work }, at(1, 'cancel'))
    expect(cancelled).toMatchObject({ kind: 'interrupted', result: { partFileCounts: [1, 0, 0, 0] } })
    const skipped = await run({ parts, output, work }, at(0, 'skip'))
    expect(skipped).toMatchObject({ kind: 'done', result: { partFileCounts: [0, 0, 1, 1] } })
  })
})

describe('drawing tile by tile', () => {
  const tiles = (changes: object) => ({
    $case: 'tiles',
    value: {
      image: SOURCE,
      factor: 1,
      tileWidth: 64,
      tileHeight: 64,
      overlap: 16,
      tilesEach: 1,
      partsEach: 4,
      ...changes,
    },
  })

  it('puts the parts together to the enlarged picture', async () => {
    const parts = Array.from({ length: 9 }, () => overSource())
    const work = tiles({ upscaler: { name: 'Lanczos' }, factor: 2, partsEach: 9 })
    const outcome = await run({ parts, output, work }, { inputs: await picture(64, 64) })
    expect(await pixelsOf(outcome)).toMatchObject({ width: 128, height: 128, channels: 3 })
    expect(outcome.result).toMatchObject({ imageIndexes: [0], partFileCounts: [] })
  })

  it('keeps the middle of a tile as its part made it', async () => {
    const inputs = await picture(64, 64)
    const outcome = await run({ parts: [overSource()], output, work: tiles({ partsEach: 1 }) }, { inputs })
    const alone = await run({ parts: [overSource()], output }, { inputs })
    expect((await pixelsOf(outcome)).data.equals((await pixelsOf(alone)).data)).toBe(true)
  })

  it('draws only the tiles that hold something new of a picture that is extended, and keeps the rest', async () => {
    const inputs = await picture(64, 64)
    const extension = { left: 64, right: 0, up: 0, down: 0, maskMargin: 8, latentMargin: 2 }
    const part = overSource({ mask: MASK })
    const outcome = await run(
      { parts: [part, part], output, work: tiles({ extension, partsEach: 2 }) },
      { inputs },
    )
    const { width, height, data } = await pixelsOf(outcome)
    expect([width, height]).toEqual([128, 64])
    const source = await sharp(inputs.get('source')).raw().toBuffer()
    const last = (x: number) => data.subarray((63 * 128 + x) * 3, (63 * 128 + x) * 3 + 3)
    // Right of the overlap of the last drawn tile stands the source.
    expect([...last(127)]).toEqual([...source.subarray((63 * 64 + 63) * 3, (63 * 64 + 63) * 3 + 3)])
    expect([...last(0)]).not.toEqual([0, 0, 0])
  })

  it('leaves black what it was cancelled before', async () => {
    const parts = Array.from({ length: 9 }, () => overSource())
    const outcome = await run(
      { parts, output, work: tiles({ upscaler: { name: 'Lanczos' }, factor: 2, partsEach: 9 }) },
      {
        inputs: await picture(64, 64),
        onEvent: (event, { cancel }) => {
          if (event.$case === 'stepProgress' && event.value.passIndex === 1) cancel()
        },
      },
    )
    expect(outcome.kind).toBe('interrupted')
    const { data, width, height } = await pixelsOf(outcome)
    expect([width, height]).toEqual([128, 128])
    expect([...data.subarray(data.length - 3)]).toEqual([0, 0, 0])
  })
})

describe('outpainting side by side', () => {
  const step = (side: OutpaintSide) => ({ side, pixels: 64 })
  const part = (width: number, height: number) =>
    smallJob({
      ...{ width, height, sampling: smallSampling({ steps: 2 }) },
      source: { strength: 0.5, resizeMode: 1, mask: MASK },
    })

  it('extends a picture by each side in turn and keeps what was there', async () => {
    const inputs = await picture(64, 64)
    const steps = [step(OutpaintSide.OUTPAINT_SIDE_RIGHT), step(OutpaintSide.OUTPAINT_SIDE_DOWN)]
    const value = { image: SOURCE, steps, maskBlur: 0, noiseExponent: 1, colorVariation: 0.05 }
    const outcome = await run(
      { parts: [part(64, 64), part(128, 64)], output, work: { $case: 'outpaint', value } },
      { inputs },
    )
    const { data, width, height } = await pixelsOf(outcome)
    expect([width, height]).toEqual([128, 128])
    const source = await sharp(inputs.get('source')).raw().toBuffer()
    expect([...data.subarray(0, 60)]).toEqual([...source.subarray(0, 60)])
    expect(new Set(data.subarray((127 * 128 + 64) * 3, (127 * 128 + 127) * 3)).size).toBeGreaterThan(8)
  })

  it('gives a picture for each image of a part', async () => {
    const image = { prompt: 'a', negativePrompt: '', infotext: '' }
    const both = {
      ...part(64, 64),
      batchSize: 2,
      images: [1n, 2n].map((seed) => ({ ...image, seed, subseed: 0n })),
    }
    const value = {
      ...{ image: SOURCE, steps: [step(OutpaintSide.OUTPAINT_SIDE_LEFT)], maskBlur: 4 },
      ...{ noiseExponent: 1, colorVariation: 0 },
    }
    const outcome = await run(
      { parts: [both], output, work: { $case: 'outpaint', value } },
      { inputs: await picture(64, 64) },
    )
    expect(outcome.result).toMatchObject({ imageIndexes: [0, 1] })
    expect(await pixelsOf(outcome, 0)).toMatchObject({ width: 128, height: 64 })
    expect((await pixelsOf(outcome, 0)).data.equals((await pixelsOf(outcome, 1)).data)).toBe(false)
  })
})
