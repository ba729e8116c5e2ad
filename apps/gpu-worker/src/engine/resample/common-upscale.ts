import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { resizeBislerp } from './bislerp.ts'
import { resizeLanczos } from './lanczos.ts'
import { resizeTensor, type ResizeMethod } from './resize-tensor.ts'

/** Methods of ComfyUI's upscale nodes. */
export type UpscaleMethod = ResizeMethod | 'bislerp' | 'lanczos'

/**
 * Resizes [batch, channels, height, width], after cutting the middle out where asked, as ComfyUI's nodes do.
 * @throws RangeError when a side is to be of no pixels
 */
export function upscale(
  source: Tensor,
  size: { readonly width: number; readonly height: number },
  { method, crop }: { readonly method: UpscaleMethod; readonly crop: string },
): Tensor {
  const { width, height } = size
  if (width < 1 || height < 1) throw new RangeError(`a picture cannot be scaled to ${width}x${height} pixels`)
  const cut = crop === 'center' ? cropCentre(source, width / height) : source
  if (method === 'bislerp') return resizeBislerp(cut, width, height)
  if (method === 'lanczos') return resizeLanczos(cut, width, height)
  return resizeTensor(cut, width, height, method)
}

/** Rounds halves to even, as Python does. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

function cropCentre(source: Tensor, aspect: number): Tensor {
  const [batch, channels, height, width] = source.shape as [number, number, number, number]
  const own = width / height
  const x = own > aspect ? roundHalfEven((width - width * (aspect / own)) / 2) : 0
  const y = own < aspect ? roundHalfEven((height - height * (own / aspect)) / 2) : 0
  const cut = createTensor([batch, channels, height - 2 * y, width - 2 * x])
  const [toHeight, toWidth] = [height - 2 * y, width - 2 * x]
  for (let plane = 0; plane < batch * channels; plane += 1) {
    for (let row = 0; row < toHeight; row += 1) {
      const from = (plane * height + row + y) * width + x
      cut.data.set(source.data.subarray(from, from + toWidth), (plane * toHeight + row) * toWidth)
    }
  }
  return cut
}
