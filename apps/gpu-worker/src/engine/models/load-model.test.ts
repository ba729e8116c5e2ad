import { afterAll, describe, expect, it } from 'vitest'
import { maxDifference, openFixture, readCases, TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'
import { loadCheckpoint } from './load-model.ts'

// Reference: ComfyUI's own networks on the tiny SD1 checkpoint, f32 on the CPU. Tolerance of one network call: 2e-5.
const TOLERANCE = 2e-5
const fixture = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)

describe('a loaded SD1 checkpoint', () => {
  const loaded = loadCheckpoint(unpackTinyCheckpoint(), 'tiny', TEST_SESSION)
  const { model, vae } = loaded.value
  const encoder = model.textEncoders[0]!
  afterAll(() => loaded.release())

  it('is recognised by its tensors, whatever its width', () => {
    expect(model).toMatchObject({
      family: 'sd1',
      textEncoders: [{ key: 'clip_l', width: 64, layerCount: 4 }],
    })
  })

  describe('UNet', () => {
    const tensors = openFixture(fixture('unet.safetensors'))
    it.each(readCases<{ case: number }>(fixture('unet.jsonl')))(
      'predicts case $case: $x, $context',
      async (row) => {
        const prediction = await model.predict({
          latent: tensors.tensor(`${row.case}.x`),
          timesteps: tensors.tensor(`${row.case}.timesteps`).data,
          context: tensors.tensor(`${row.case}.context`),
        })
        expect(maxDifference(prediction, tensors.tensor(`${row.case}.out`))).toBeLessThan(TOLERANCE)
      },
    )
  })

  describe('text encoder', () => {
    interface TextCase {
      case: number
      prompt: string
      stop_at_clip_layer: number | null
    }
    const tensors = openFixture(fixture('text_comfy.safetensors'))
    const cases = readCases<TextCase>(fixture('text_comfy.jsonl'))
    // Weighted prompts are the encoder's caller's business.
    const unweighted = cases.filter(
      (row) =>
        tensors.has(`${row.case}.ids`) &&
        tensors.has(`${row.case}.weights`) &&
        tensors.tensor(`${row.case}.weights`).data.every((weight) => weight === 1),
    )
    it.each(unweighted)('encodes case $case at layer $stop_at_clip_layer', async (row) => {
      const ids = tensors.tensor(`${row.case}.ids`)
      const chunks = Array.from({ length: ids.shape[0]! }, (_, i) => [
        ...ids.data.subarray(77 * i, 77 * (i + 1)),
      ])
      const layer = -(row.stop_at_clip_layer ?? -1)
      const { hidden, pooled } = await encoder.encode({ tokens: chunks, vectors: [], layer, finalNorm: true })
      const expected = tensors.tensor(`${row.case}.cond`)
      expect(maxDifference({ ...hidden, shape: [1, 77 * chunks.length, 64] }, expected)).toBeLessThan(
        TOLERANCE,
      )
      const first = { shape: [1, 64], data: pooled!.data.subarray(0, 64) }
      expect(maxDifference(first, tensors.tensor(`${row.case}.pooled`))).toBeLessThan(TOLERANCE)
    })

    it('takes a given vector in place of a token', async () => {
      const chunk = [49406, 320, ...new Array<number>(75).fill(49407)]
      const vector = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i))
      const request = { tokens: [chunk], vectors: [], layer: 1, finalNorm: true }
      const plain = await encoder.encode(request)
      const replaced = await encoder.encode({ ...request, vectors: [{ chunk: 0, position: 1, vector }] })
      const before = (hidden: { data: Float32Array }) => ({ shape: [64], data: hidden.data.subarray(0, 64) })
      expect(maxDifference(before(plain.hidden), before(replaced.hidden))).toBe(0)
      expect(maxDifference(plain.hidden, replaced.hidden)).toBeGreaterThan(0.01)
    })
  })

  describe('autoencoder', () => {
    const tensors = openFixture(fixture('vae.safetensors'))
    const cases = readCases<{ case: number | string; encoded_as?: [number, number] }>(fixture('vae.jsonl'))
    it.each(cases.filter((row) => row.encoded_as !== undefined))(
      'encodes and decodes case $case',
      async (row) => {
        const pixels = tensors.tensor(`${row.case}.pixels_u8`)
        const { mean, logVariance } = await vae!.encode(toNetworkPixels(pixels, row.encoded_as!))
        expect(maxDifference(mean, tensors.tensor(`${row.case}.mean`))).toBeLessThan(TOLERANCE)
        expect(maxDifference(logVariance, tensors.tensor(`${row.case}.logvar`))).toBeLessThan(TOLERANCE)
        const decoded = await vae!.decode(tensors.tensor(`${row.case}.z`))
        expect(maxDifference(decoded, tensors.tensor(`${row.case}.decoded`))).toBeLessThan(TOLERANCE)
      },
    )
  })
})

/** Centre crop of [1, H, W, 3] bytes to the network's [1, 3, h, w], -1 to 1. */
function toNetworkPixels(
  { shape, data }: { shape: readonly number[]; data: Float32Array },
  [height, width]: [number, number],
) {
  const [, rows, columns] = shape as [number, number, number]
  const [top, left] = [Math.floor((rows - height) / 2), Math.floor((columns - width) / 2)]
  const values = new Float32Array(3 * height * width)
  for (let c = 0; c < 3; c += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        values[(c * height + y) * width + x] = (data[((y + top) * columns + x + left) * 3 + c]! / 255) * 2 - 1
      }
    }
  }
  return { shape: [1, 3, height, width], data: values }
}
