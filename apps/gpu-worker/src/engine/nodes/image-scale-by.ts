import type { NodeExecution } from '../node-graph/node-context.ts'
import { roundHalfEven, upscale, type UpscaleMethod } from '../resample/common-upscale.ts'
import { toChannelsFirst, toChannelsLast } from '../resample/resize-tensor.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Resizes pictures by a factor. */
export const imageScaleBy: NodeExecution = async (inputs) => {
  const image = inputs.value<Tensor>('image')
  const factor = inputs.number('scale_by')
  const [, oldHeight, oldWidth] = image.shape as [number, number, number]
  const size = { width: roundHalfEven(oldWidth * factor), height: roundHalfEven(oldHeight * factor) }
  const method = inputs.text('upscale_method') as UpscaleMethod
  return { outputs: [toChannelsLast(upscale(toChannelsFirst(image), size, { method, crop: 'disabled' }))] }
}
