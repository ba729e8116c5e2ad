import { EngineError } from '../engine-error.ts'
import { upscale } from '../resample/common-upscale.ts'
import { resizeTensor, toChannelsFirst, toChannelsLast } from '../resample/resize-tensor.ts'
import { flattenMask, joinAxis, sliceAxis } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** A channel of ones for pictures [batch, height, width, channels]. */
export function opaqueChannel({ shape }: Tensor, channels = 1): Tensor {
  const alpha = createTensor([...shape.slice(0, 3), channels])
  alpha.data.fill(1)
  return alpha
}

/** Channels of two pictures as ComfyUI makes them fit: a surplus of the second is dropped, the first gets one more. */
export function fitAlpha(below: Tensor, above: Tensor): [Tensor, Tensor] {
  const [own, other] = [below.shape[3]!, above.shape[3]!]
  if (own < other) return [below, sliceAxis(above, 3, { from: 0, to: own })]
  return own > other ? [joinAxis([below, opaqueChannel(below)], 3), above] : [below, above]
}

/** Pictures [batch, height, width, channels] brought to another one's size, the middle kept. */
export function fitCentre(picture: Tensor, like: Tensor, method: 'bicubic' | 'bilinear'): Tensor {
  const [height, width] = like.shape.slice(1, 3) as [number, number]
  return toChannelsLast(upscale(toChannelsFirst(picture), { width, height }, { method, crop: 'center' }))
}

/** Masks of any size brought to one, [count, height, width]. */
export function resizeMasks(mask: Tensor, height: number, width: number): Tensor {
  const { shape, data } = flattenMask(mask)
  const planes = createTensor([shape[0]!, 1, shape[1]!, shape[2]!], data)
  return createTensor([shape[0]!, height, width], resizeTensor(planes, width, height, 'bilinear').data)
}

/**
 * Makes sure that a picture has its three colours and no more, for nodes that fail at others in the original.
 * @throws EngineError `node-failed` with the original's words
 */
export function requireColours({ shape }: Tensor, message: string): void {
  const channels = shape[3]!
  if (channels === 3) return
  throw new EngineError('node-failed', `${message}: the picture has ${channels} channels`, {
    exceptionType: 'ValueError',
  })
}
