import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { detectText } from '../checkpoint/detect-text.ts'
import { detectUnet } from '../checkpoint/detect-unet.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import { maxDifference, openFixture, TEST_SESSION, unpackTinyCheckpoint, unpackVariant } from '../test-kit.ts'
import { loadCheckpoint } from './load-model.ts'
import { prepareTextEncoder } from './prepare-text-encoder.ts'
import { prepareUnet } from './prepare-unet.ts'

// Reference: ComfyUI's networks in f32 on the CPU. Tolerance of one network call: 2e-5.
const TOLERANCE = 2e-5
const fixture = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)

describe('an OpenCLIP text encoder (SDXL’s second)', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'clip-')), 'clip.safetensors')
  writeFileSync(path, gunzipSync(readFileSync(fixture('open-clip.safetensors.gz'))))
  const file = readSafetensors(path)
  const use = { key: 'clip_g', defaultLayer: 2, finalNorm: false } as const
  const config = detectText(file, 'conditioner.embedders.1.model.', use)!
  const encoder = prepareTextEncoder(file, config, new LazySessions(TEST_SESSION))
  const tensors = openFixture(fixture('open-clip-text.safetensors'))

  it('is recognised by its tensors', () => {
    expect(config).toMatchObject({ layout: 'openclip', width: 64, layers: 3, activation: 'gelu' })
  })

  it.each([
    [0, 0, 2],
    [1, 0, 1],
    [2, 0, 3],
    [3, 3, 2],
    [6, 6, 2],
  ])(
    'encodes case %d: the ids of case %d at layer %d from the end, and the projected end of the text',
    async (row, ids, layer) => {
      const tokens = [[...tensors.tensor(`${ids}.ids`).data]]
      const { hidden, pooled } = await encoder.encode({ tokens, vectors: [], layer, finalNorm: false })
      expect(maxDifference(hidden, tensors.tensor(`${row}.hidden`))).toBeLessThan(TOLERANCE)
      expect(maxDifference(pooled!, tensors.tensor(`${row}.pooled`))).toBeLessThan(TOLERANCE)
    },
  )
})

describe.each(['sd1-inpaint', 'sd1-pix2pix'] as const)('a UNet of more channels: %s', (name) => {
  it('predicts what the original does', async () => {
    const recorded = openFixture(fixture(`${name}.safetensors`))
    const loaded = loadCheckpoint(unpackVariant(fixture(`${name}.safetensors`)), name, TEST_SESSION)
    const { model } = loaded.value
    expect(model).toMatchObject({ family: 'sd1', inChannels: recorded.tensor('x').shape[1] })
    const prediction = await model.predict({
      latent: recorded.tensor('x'),
      timesteps: recorded.tensor('timesteps').data,
      context: recorded.tensor('context'),
    })
    expect(maxDifference(prediction, recorded.tensor('out'))).toBeLessThan(TOLERANCE)
    await loaded.release()
  })
})

describe('a UNet of a smaller middle', () => {
  const file = readSafetensors(unpackTinyCheckpoint())
  const without = (pattern: RegExp) => ({
    ...file,
    tensors: new Map([...file.tensors].filter(([name]) => !pattern.test(name))),
  })
  const inputs = openFixture(fixture('unet.safetensors'))
  const run = async (pattern: RegExp) => {
    const small = without(pattern)
    const sessions = new LazySessions(TEST_SESSION)
    const predict = prepareUnet(small, detectUnet(small, 'model.diffusion_model.'), sessions)
    const output = await predict({
      latent: inputs.tensor('0.x'),
      timesteps: inputs.tensor('0.timesteps').data,
      context: inputs.tensor('0.context'),
    })
    await sessions.release()
    return output
  }

  // Nothing to compare with: that they run, and differ from each other, is what is told.
  it('runs with one residual block there, and with none', async () => {
    const [whole, one, none] = [
      await run(/nothing/),
      await run(/middle_block\.[12]\./),
      await run(/middle_block\./),
    ]
    expect(maxDifference(whole, inputs.tensor('0.out'))).toBeLessThan(TOLERANCE)
    expect(one.shape).toEqual(whole.shape)
    expect(none.data.every(Number.isFinite)).toBe(true)
    expect(maxDifference(one, none)).toBeGreaterThan(1e-3)
    expect(maxDifference(one, whole)).toBeGreaterThan(1e-3)
  })
})
