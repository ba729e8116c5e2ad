import { afterAll, describe, expect, it } from 'vitest'
import { loadCheckpoint } from '../models/load-model.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference, TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'

/** Moves the content of [1, channels, h, w] down and right; what leaves at an edge comes in at the opposite one. */
function roll({ shape, data }: Tensor, by: number): Tensor {
  const [, channels, height, width] = shape as [number, number, number, number]
  const rolled = createTensor(shape)
  for (let c = 0; c < channels; c += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const to = (c * height + ((y + by) % height)) * width + ((x + by) % width)
        rolled.data[to] = data[(c * height + y) * width + x]!
      }
    }
  }
  return rolled
}

const draw = (shape: readonly number[], step: number): Tensor => {
  const tensor = createTensor(shape)
  return createTensor(
    shape,
    tensor.data.map((_, i) => Math.sin(i * step) * 1.5),
  )
}

// A network of convolutions over a torus commutes with a shift: there is no edge. (Strides of 8 need shifts of 8.)
describe('a network whose edges are wrapped', () => {
  const loaded = loadCheckpoint(unpackTinyCheckpoint(), 'tiny', TEST_SESSION)
  const { model, vae } = loaded.value
  afterAll(() => loaded.release())

  const predict = (latent: Tensor, wraps: boolean) =>
    model.predict({ latent, timesteps: Float32Array.of(500), context: draw([1, 77, 64], 0.7), wraps })

  it('predicts a shifted latent as the shifted prediction', async () => {
    const latent = draw([1, 4, 16, 16], 1.3)
    const [plain, shifted] = [await predict(latent, true), await predict(roll(latent, 8), true)]
    expect(maxDifference(roll(plain, 8), shifted)).toBeLessThan(2e-5)
  })

  it('is not what it is with edges', async () => {
    const latent = draw([1, 4, 16, 16], 1.3)
    const [plain, shifted] = [await predict(latent, false), await predict(roll(latent, 8), false)]
    expect(maxDifference(roll(plain, 8), shifted)).toBeGreaterThan(1e-3)
    expect(maxDifference(plain, await predict(latent, true))).toBeGreaterThan(1e-3)
  })

  it('decodes a shifted latent to the shifted picture', async () => {
    const latent = draw([1, 4, 8, 8], 0.9)
    const [plain, shifted] = [await vae!.decode(latent, true), await vae!.decode(roll(latent, 1), true)]
    expect(maxDifference(roll(plain, 8), shifted)).toBeLessThan(5e-5)
  })

  it('keeps the sizes of what it makes', async () => {
    const { mean } = await vae!.encode(draw([1, 3, 40, 24], 0.1), true)
    expect(mean.shape).toEqual([1, 4, 5, 3])
    expect((await predict(draw([1, 4, 9, 7], 1.1), true)).shape).toEqual([1, 4, 9, 7])
  })
})
