import { describe, expect, it } from 'vitest'
import type { LoadedVae } from '../models/loaded-model.ts'
import { wrapPlanes } from '../tensor/planes.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference } from '../test-kit.ts'
import { tileWhereLarge } from './auto-tiles.ts'

/** An "autoencoder" that repeats or averages cells, so that tiles fit exactly; it remembers what it was given. */
function createPlainVae(limits: { maxPixels?: number } = {}) {
  const given: (readonly number[])[] = []
  const check = ({ shape }: Tensor, scale: number) => {
    given.push(shape.slice(2))
    if (shape[2]! * shape[3]! * scale > (limits.maxPixels ?? Infinity)) throw new Error('std::bad_alloc')
  }
  const vae: Pick<LoadedVae, 'decode' | 'encode'> = {
    async decode(latent) {
      check(latent, 64)
      const [batch, , h, w] = latent.shape as [number, number, number, number]
      const pixels = createTensor([batch, 3, 8 * h, 8 * w])
      for (let i = 0; i < pixels.data.length; i += 1) {
        const [x, y, plane] = [i % (8 * w), Math.floor(i / (8 * w)) % (8 * h), Math.floor(i / (64 * w * h))]
        pixels.data[i] = latent.data[(plane * h + (y >> 3)) * w + (x >> 3)]!
      }
      return pixels
    },
    async encode(pixels) {
      check(pixels, 0.5)
      const [batch, , rows, columns] = pixels.shape as [number, number, number, number]
      const mean = createTensor([batch, 4, rows / 8, columns / 8])
      return { mean, logVariance: mean }
    },
  }
  return { vae: vae as LoadedVae, given }
}

function createRamp(height: number, width: number): Tensor {
  const tensor = createTensor([1, 4, height, width])
  tensor.data.forEach((_, i) => (tensor.data[i] = Math.sin(i * 0.37)))
  return tensor
}

const makeRoom = async () => undefined

describe('tileWhereLarge', () => {
  it('passes what fits whole', async () => {
    const { vae, given } = createPlainVae()
    const { decode, encode } = tileWhereLarge(vae, {
      maxWholePixels: 2 ** 20,
      onTiled: expect.unreachable,
      makeRoom,
    })
    await decode(createRamp(128, 128))
    await encode(createTensor([1, 3, 1024, 2048]))
    expect(given).toEqual([
      [128, 128],
      [1024, 2048],
    ])
  })

  it('cuts what is larger, and says so', async () => {
    const { vae, given } = createPlainVae()
    const told: unknown[] = []
    const onTiled = (...what: unknown[]) => told.push(what)
    const { decode, encode } = tileWhereLarge(vae, { maxWholePixels: 512 * 512, onTiled, makeRoom })
    const latent = createRamp(100, 90)
    expect(maxDifference(await decode(latent), await vae.decode(latent))).toBeLessThan(1e-6)
    expect((await encode(createTensor([1, 3, 1024, 1024]))).mean.shape).toEqual([1, 4, 128, 128])
    expect(told).toEqual([
      ['decoding', 800 * 720, 'size'],
      ['encoding', 512 * 1024, 'size'],
    ])
    expect(given.some(([height]) => height === 64)).toBe(true)
  })

  it('tries again in tiles what ran out of memory', async () => {
    const { vae } = createPlainVae({ maxPixels: 512 * 512 })
    const told: unknown[] = []
    const onTiled = (...what: unknown[]) => told.push(what)
    const { decode } = tileWhereLarge(vae, { maxWholePixels: Infinity, onTiled, makeRoom })
    expect((await decode(createRamp(70, 70))).shape).toEqual([1, 3, 560, 560])
    expect(told).toEqual([['decoding', 560 * 560, 'memory']])
  })

  it('asks for room where not even a tile has any', async () => {
    const { vae } = createPlainVae()
    const state = { hasRoom: false, asked: 0 }
    const short: LoadedVae['decode'] = async (latent) => {
      if (!state.hasRoom) throw new Error('Failed to allocate memory for requested buffer of size 1')
      return vae.decode(latent)
    }
    const makeRoom = async () => {
      state.asked += 1
      state.hasRoom = true
    }
    const options = { maxWholePixels: Infinity, onTiled: () => undefined, makeRoom }
    const { decode } = tileWhereLarge({ ...vae, decode: short }, options)
    expect((await decode(createRamp(70, 70))).shape).toEqual([1, 3, 560, 560])
    expect(state.asked).toBe(1)
  })

  it('passes other errors on', async () => {
    const { vae } = createPlainVae()
    const failing = { ...vae, decode: () => Promise.reject(new Error('the file is gone')) }
    const { decode } = tileWhereLarge(failing, {
      maxWholePixels: Infinity,
      onTiled: expect.unreachable,
      makeRoom,
    })
    await expect(decode(createRamp(8, 8))).rejects.toThrow('the file is gone')
  })

  it('lets a picture that wraps see over its edges', async () => {
    const { vae } = createPlainVae()
    // Shows each cell's left neighbour, nothing at the left edge.
    const decode: LoadedVae['decode'] = (latent) => {
      const data = latent.data.map((_, i) => (i % latent.shape[3]! === 0 ? 0 : latent.data[i - 1]!))
      return vae.decode(createTensor(latent.shape, data))
    }
    const shifting = tileWhereLarge(
      { ...vae, decode },
      { maxWholePixels: 1, onTiled: () => undefined, makeRoom },
    )
    const ones = createTensor([1, 4, 8, 8], new Float32Array(4 * 64).fill(1))
    const [wrapped, plain] = [await shifting.decode(ones, true), await shifting.decode(ones)]
    expect(wrapped.shape).toEqual([1, 3, 64, 64])
    expect(wrapped.data[0]).toBeGreaterThan(0.9)
    expect(plain.data[0]).toBe(0)
    const encoded = await shifting.encode(createTensor([1, 3, 64, 64]), true)
    expect(encoded.mean.shape).toEqual([1, 4, 8, 8])
  })
})

describe('wrapPlanes', () => {
  it('shows the opposite edge beyond each edge, again and again', () => {
    const { shape, data } = wrapPlanes(createTensor([1, 1, 1, 2], Float32Array.of(1, 2)), 2)
    expect(shape).toEqual([1, 1, 5, 6])
    expect([...data.slice(0, 6)]).toEqual([1, 2, 1, 2, 1, 2])
  })
})
