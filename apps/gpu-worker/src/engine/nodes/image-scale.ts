import type { NodeExecution } from '../node-graph/node-context.ts'
import { roundHalfEven, upscale, type UpscaleMethod } from '../resample/common-upscale.ts'
import { toChannelsFirst, toChannelsLast } from '../resample/resize-tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Resizes pictures to a size; a side of 0 follows the other, two leave the picture alone. */
export const imageScale: NodeExecution = async (inputs) => {
  const image = inputs.value<Tensor>('image')
  const [, oldHeight, oldWidth] = image.shape as [number, number, number]
  const [askedWidth, askedHeight] = [inputs.integer('width'), inputs.integer('height')]
  if (askedWidth === 0 && askedHeight === 0) return { outputs: [image] }
  const width = askedWidth || Math.max(1, roundHalfEven((oldWidth * askedHeight) / oldHeight))
  const height = askedHeight || Math.max(1, roundHalfEven((oldHeight * askedWidth) / oldWidth))
  const method = inputs.text('upscale_method') as UpscaleMethod
  const scaled = upscale(toChannelsFirst(image), { width, height }, { method, crop: inputs.text('crop') })
  return { outputs: [toChannelsLast(scaled)] }
}
