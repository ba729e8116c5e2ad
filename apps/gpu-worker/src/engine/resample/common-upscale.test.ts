import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { upscale, type UpscaleMethod } from './common-upscale.ts'

describe('scaling', () => {
  it.each<UpscaleMethod>(['nearest-exact', 'bilinear', 'area', 'bicubic', 'bislerp', 'lanczos'])(
    'to no pixels fails, as in the original: %s',
    (method) => {
      const picture = createTensor([1, 3, 2, 2])
      const options = { method, crop: 'disabled' }
      expect(() => upscale(picture, { width: 0, height: 4 }, options)).toThrow(/cannot be scaled to 0x4/)
      expect(() => upscale(picture, { width: 4, height: 0 }, options)).toThrow(RangeError)
    },
  )
})

describe('pictures with alpha by lanczos', () => {
  it('that have the size already keep their colours where nothing of them is seen, as Pillow copies them', () => {
    const source = createTensor(
      [1, 4, 1, 2],
      Float32Array.of(200, 7, 100, 9, 50, 11, 0, 3).map((byte) => byte / 255),
    )
    const same = upscale(source, { width: 2, height: 1 }, { method: 'lanczos', crop: 'disabled' })
    expect([...same.data].map((value) => Math.round(value * 255))).toEqual([200, 7, 100, 9, 50, 11, 0, 3])
  })
})
