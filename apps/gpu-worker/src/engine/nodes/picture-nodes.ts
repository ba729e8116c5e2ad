import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { BLEND_MODES } from '../pictures/blend-modes.ts'
import { convolve, gaussianKernel, sharpeningKernel } from '../pictures/convolve.ts'
import { MORPHOLOGIES } from '../pictures/morphology.ts'
import { findCompositing } from '../pictures/porter-duff.ts'
import { roundHalfEven, upscale, type UpscaleMethod } from '../resample/common-upscale.ts'
import { toChannelsFirst, toChannelsLast } from '../resample/resize-tensor.ts'
import { joinAxis, mapTensor, sliceAxis, zipTensors } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { fitAlpha, fitCentre, opaqueChannel, requireColours, resizeMasks } from './fit-pictures.ts'
import type { NodeTable } from './node-table.ts'

/** Shares of red, green and blue in luma, and the factors of the chroma planes (ITU-R BT.601). */
const LUMA = [0.299, 0.587, 0.114] as const
const [BLUE, RED] = [0.564, 0.713]

const clamp = (value: number) => Math.min(Math.max(value, 0), 1)

/** Blending, blurring, compositing and other work on finished pictures [batch, height, width, channels], 0 to 1. */
export const pictureNodes: NodeTable = {
  ImageBlend: async (inputs) => {
    const [first, second] = fitAlpha(inputs.value<Tensor>('image1'), inputs.value<Tensor>('image2'))
    const fitted = first.shape.join() === second.shape.join() ? second : fitCentre(second, first, 'bicubic')
    const name = inputs.text('blend_mode')
    const mode = BLEND_MODES.get(name)
    if (mode === undefined) throw new RangeError(`Unsupported blend mode: ${name}`)
    const share = inputs.number('blend_factor')
    return {
      outputs: [zipTensors(first, fitted, (a, b) => clamp(a * (1 - share) + mode(a, b) * share))],
    }
  },
  ImageBlur: async (inputs) => {
    const radius = inputs.integer('blur_radius')
    return { outputs: [filter(inputs, radius, gaussianKernel(radius, inputs.number('sigma')))] }
  },
  ImageSharpen: async (inputs) => {
    const radius = inputs.integer('sharpen_radius')
    if (radius === 0) return { outputs: [inputs.value('image')] }
    const kernel = sharpeningKernel(radius, inputs.number('sigma'), inputs.number('alpha'))
    return { outputs: [mapTensor(filter(inputs, radius, kernel), clamp)] }
  },
  ImageScaleToTotalPixels: async (inputs) => {
    const image = inputs.value<Tensor>('image')
    const [height, width] = image.shape.slice(1, 3) as [number, number]
    const total = Math.trunc(inputs.number('megapixels') * 1024 * 1024)
    const factor = Math.sqrt(total / (width * height))
    const size = { width: roundHalfEven(width * factor), height: roundHalfEven(height * factor) }
    return { outputs: [scaleTo(image, size, inputs.text('upscale_method'))] }
  },
  PorterDuffImageComposite: async (inputs) => ({ outputs: composePictures(inputs) }),
  SplitImageWithAlpha: async (inputs) => {
    const image = inputs.value<Tensor>('image')
    const shape = image.shape.slice(0, 3)
    const alpha = image.shape[3]! > 3 ? sliceAxis(image, 3, { from: 3, to: 4 }) : opaqueChannel(image)
    const mask = createTensor(
      shape,
      alpha.data.map((value) => 1 - value),
    )
    return { outputs: [sliceAxis(image, 3, { from: 0, to: 3 }), mask] }
  },
  JoinImageWithAlpha: async (inputs) => {
    const image = inputs.value<Tensor>('image')
    const [, height, width] = image.shape as [number, number, number]
    const masks = resizeMasks(inputs.value<Tensor>('alpha'), height, width)
    const count = Math.min(image.shape[0]!, masks.shape[0]!)
    const alpha = sliceAxis(
      mapTensor(masks, (value) => 1 - value),
      0,
      { from: 0, to: count },
    )
    const colours = sliceAxis(sliceAxis(image, 0, { from: 0, to: count }), 3, { from: 0, to: 3 })
    return { outputs: [joinAxis([colours, createTensor([...alpha.shape, 1], alpha.data)], 3)] }
  },
  Morphology: async (inputs) => ({ outputs: [morph(inputs)] }),
  ImageRGBToYUV: async (inputs) => {
    const image = inputs.value<Tensor>('image')
    requireColours(image, 'Input size must have a shape of (*, 3, H, W)')
    const luma = weighChannels(image, LUMA)
    const chroma = (channel: number, factor: number) =>
      zipTensors(
        sliceAxis(image, 3, { from: channel, to: channel + 1 }),
        luma,
        (v, y) => (v - y) * factor + 0.5,
      )
    const planes = [luma, chroma(2, BLUE), chroma(0, RED)]
    return { outputs: planes.map((plane) => joinAxis([plane, plane, plane], 3)) }
  },
  ImageYUVToRGB: async (inputs) => {
    const grey = (name: string) => {
      const image = inputs.value<Tensor>(name)
      return weighChannels(image, new Array<number>(image.shape[3]!).fill(1 / image.shape[3]!))
    }
    const [y, u, v] = [grey('Y'), grey('U'), grey('V')]
    const [blue, red] = [u, v].map((plane) => mapTensor(plane, (value) => value - 0.5)) as [Tensor, Tensor]
    const add = (plane: Tensor, other: Tensor, factor: number) =>
      zipTensors(plane, other, (a, b) => a + factor * b)
    const rgb = joinAxis(
      [
        add(y, red, 1 / RED),
        add(add(y, red, -LUMA[0] / LUMA[1] / RED), blue, -LUMA[2] / LUMA[1] / BLUE),
        add(y, blue, 1 / BLUE),
      ],
      3,
    )
    return { outputs: [mapTensor(rgb, clamp)] }
  },
}

function filter(inputs: NodeInputs, radius: number, kernel: Float64Array): Tensor {
  const image = inputs.value<Tensor>('image')
  return radius === 0 ? image : toChannelsLast(convolve(toChannelsFirst(image), kernel))
}

function morph(inputs: NodeInputs): Tensor {
  const name = inputs.text('operation')
  const operation = MORPHOLOGIES.get(name)
  if (operation === undefined) throw new RangeError(`Invalid operation ${name} for morphology.`)
  return toChannelsLast(
    operation(toChannelsFirst(inputs.value<Tensor>('image')), inputs.integer('kernel_size')),
  )
}

function weighChannels({ shape, data }: Tensor, weights: readonly number[]): Tensor {
  const channels = shape[3]!
  const output = createTensor([...shape.slice(0, 3), 1])
  for (let i = 0; i < output.data.length; i += 1)
    output.data[i] = weights.reduce((sum, weight, c) => sum + weight * data[i * channels + c]!, 0)
  return output
}

/** Resizes pictures without cutting. */
export function scaleTo(image: Tensor, size: { width: number; height: number }, method: string): Tensor {
  const options = { method: method as UpscaleMethod, crop: 'disabled' }
  return toChannelsLast(upscale(toChannelsFirst(image), size, options))
}

function composePictures(inputs: NodeInputs): Tensor[] {
  const [source, destination] = [inputs.value<Tensor>('source'), inputs.value<Tensor>('destination')]
  const masks = ['source_alpha', 'destination_alpha'].map((name) => inputs.value<Tensor>(name))
  if (source.shape[3] !== destination.shape[3]) throw new RangeError('the pictures differ in channels')
  const count = Math.min(...[source, destination, ...masks].map(({ shape }) => shape[0]!))
  const first = (tensor: Tensor) => sliceAxis(tensor, 0, { from: 0, to: count })
  const below = first(destination)
  const isSame = source.shape.slice(1).join() === below.shape.slice(1).join()
  const above = isSame ? first(source) : fitCentre(first(source), below, 'bicubic')
  const [aboveMask, belowMask] = masks.map((mask) => fitMaskTo(first(mask), below)) as [Tensor, Tensor]
  const name = inputs.text('mode')
  const compose = findCompositing(name)
  if (compose === undefined) return [above, belowMask]
  const [image, mask] = [createTensor(below.shape), createTensor(below.shape.slice(0, 3))]
  const channels = below.shape[3]!
  for (let i = 0; i < image.data.length; i += 1) {
    const at = Math.floor(i / channels)
    const { value, alpha } = compose(
      { value: above.data[i]!, alpha: 1 - aboveMask.data[at]! },
      { value: below.data[i]!, alpha: 1 - belowMask.data[at]! },
    )
    image.data[i] = value
    mask.data[at] = 1 - alpha
  }
  return [image, mask]
}

function fitMaskTo(mask: Tensor, like: Tensor): Tensor {
  if (mask.shape.slice(1).join() === like.shape.slice(1, 3).join()) return mask
  const fitted = fitCentre(createTensor([...mask.shape, 1], mask.data), like, 'bicubic')
  return createTensor(fitted.shape.slice(0, 3), fitted.data)
}
