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
