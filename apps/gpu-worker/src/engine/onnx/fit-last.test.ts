import { afterAll, describe, expect, it } from 'vitest'
import { loadCheckpoint } from '../models/load-model.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference, TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'

const draw = (shape: readonly number[], step: number): Tensor =>
  createTensor(
    shape,
    createTensor(shape).data.map((_, i) => Math.sin(i * step) * 1.5),
  )

// That the pictures are A1111's is compared in generation/uneven-sizes.test.ts.
describe('a network that fits sizes after its convolutions', () => {
  const loaded = loadCheckpoint(unpackTinyCheckpoint(), 'tiny', TEST_SESSION)
  afterAll(() => loaded.release())
  const predict = (latent: Tensor, fitsLast: boolean) =>
    loaded.value.model.predict({
      ...{ latent, timesteps: Float32Array.of(500), context: draw([1, 77, 64], 0.7) },
      fitsLast,
    })

  it('predicts another thing for a latent that cannot be halved three times, of the same size', async () => {
    const latent = draw([1, 4, 9, 7], 1.3)
    const fitted = await predict(latent, true)
    expect(fitted.shape).toEqual([1, 4, 9, 7])
    expect(maxDifference(fitted, await predict(latent, false))).toBeGreaterThan(1e-3)
  })

  it('is the same network for one that can', async () => {
    const latent = draw([1, 4, 8, 16], 1.3)
    expect(await predict(latent, true)).toEqual(await predict(latent, false))
  })
})
