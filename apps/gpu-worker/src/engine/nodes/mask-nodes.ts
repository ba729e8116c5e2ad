import type { LatentValue } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { growMask } from '../pictures/morphology.ts'
import { pasteMasked } from '../pictures/paste.ts'
import { roundHalfEven } from '../resample/common-upscale.ts'
import { toChannelsFirst, toChannelsLast } from '../resample/resize-tensor.ts'
import { flattenMask, mapTensor, sliceAxis, zipTensors } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { fitAlpha } from './fit-pictures.ts'
import type { NodeTable } from './node-table.ts'
import { keepPreviews } from './preview-image.ts'

/** zlib level of a mask shown. */
const PREVIEW_COMPRESSION = 4

/** Masks: made, combined, grown and laid over pictures and latents. */
export const maskNodes: NodeTable = {
  LatentCompositeMasked: async (inputs) => {
    const latent = inputs.value<LatentValue>('destination')
    const source = inputs.value<LatentValue>('source').samples
    return { outputs: [{ ...latent, samples: pasteMasked(latent.samples, source, readPaste(inputs, 8)) }] }
  },
  ImageCompositeMasked: async (inputs) => {
    const [below, above] = fitAlpha(inputs.value<Tensor>('destination'), inputs.value<Tensor>('source'))
    const pasted = pasteMasked(toChannelsFirst(below), toChannelsFirst(above), readPaste(inputs, 1))
    return { outputs: [toChannelsLast(pasted)] }
  },
  MaskToImage: async (inputs) => ({ outputs: [toGreyPictures(inputs.value<Tensor>('mask'))] }),
  MaskPreview: async (inputs, context) =>
    keepPreviews(toGreyPictures(inputs.value<Tensor>('mask')), PREVIEW_COMPRESSION, context),
  ImageToMask: async (inputs) => {
    const image = inputs.value<Tensor>('image')
    const channel = ['red', 'green', 'blue', 'alpha'].indexOf(inputs.text('channel'))
    if (channel >= image.shape[3]!)
      throw new RangeError(`index ${channel} is out of bounds for dimension 3 with size ${image.shape[3]}`)
    const mask = sliceAxis(image, 3, { from: channel, to: channel + 1 })
    return { outputs: [createTensor(mask.shape.slice(0, 3), mask.data)] }
  },
  ImageColorToMask: async (inputs) => {
    const { shape, data } = inputs.value<Tensor>('image')
    const [channels, colour] = [shape[3]!, inputs.integer('color')]
    const mask = createTensor(shape.slice(0, 3))
    const byte = (at: number) => roundHalfEven(Math.fround(Math.min(Math.max(data[at]!, 0), 1) * 255))
    for (let i = 0; i < mask.data.length; i += 1) {
      const at = i * channels
      mask.data[i] = byte(at) * 65536 + byte(at + 1) * 256 + byte(at + 2) === colour ? 1 : 0
    }
    return { outputs: [mask] }
  },
  SolidMask: async (inputs) => {
    const mask = createTensor([1, inputs.integer('height'), inputs.integer('width')])
    mask.data.fill(inputs.number('value'))
    return { outputs: [mask] }
  },
  InvertMask: async (inputs) => ({ outputs: [mapTensor(inputs.value<Tensor>('mask'), (v) => 1 - v)] }),
  CropMask: async (inputs) => {
    const mask = flattenMask(inputs.value<Tensor>('mask'))
    const spanOf = (at: string, size: string) => ({
      from: inputs.integer(at),
      to: inputs.integer(at) + inputs.integer(size),
    })
    return { outputs: [sliceAxis(sliceAxis(mask, 1, spanOf('y', 'height')), 2, spanOf('x', 'width'))] }
  },
  MaskComposite: async (inputs) => ({ outputs: [composeMasks(inputs)] }),
  FeatherMask: async (inputs) => ({ outputs: [featherMask(inputs)] }),
  GrowMask: async (inputs) => {
    const mask = flattenMask(inputs.value<Tensor>('mask'))
    return { outputs: [growMask(mask, inputs.integer('expand'), inputs.flag('tapered_corners'))] }
  },
  ThresholdMask: async (inputs) => {
    const threshold = Math.fround(inputs.number('value'))
    return { outputs: [mapTensor(inputs.value<Tensor>('mask'), (v) => (v > threshold ? 1 : 0))] }
  },
}

function readPaste(inputs: NodeInputs, cell: number) {
  return {
    x: inputs.integer('x'),
    y: inputs.integer('y'),
    cell,
    resizes: inputs.flag('resize_source'),
    mask: inputs.optional<Tensor>('mask'),
  }
}

const isOn = (value: number) => roundHalfEven(value) !== 0

const OPERATIONS: ReadonlyMap<string, (below: number, above: number) => number> = new Map([
  ['multiply', (a, b) => a * b],
  ['add', (a, b) => a + b],
  ['subtract', (a, b) => a - b],
  ['and', (a, b) => Number(isOn(a) && isOn(b))],
  ['or', (a, b) => Number(isOn(a) || isOn(b))],
  ['xor', (a, b) => Number(isOn(a) !== isOn(b))],
])

function composeMasks(inputs: NodeInputs): Tensor {
  const below = flattenMask(inputs.value<Tensor>('destination'))
  const above = flattenMask(inputs.value<Tensor>('source'))
  const [, height, width] = below.shape as [number, number, number]
  const [left, top] = [inputs.integer('x'), inputs.integer('y')]
  const [right, bottom] = [Math.min(left + above.shape[2]!, width), Math.min(top + above.shape[1]!, height)]
  const part = sliceAxis(sliceAxis(above, 1, { from: 0, to: bottom - top }), 2, { from: 0, to: right - left })
  const under = sliceAxis(sliceAxis(below, 1, { from: top, to: bottom }), 2, { from: left, to: right })
  const name = inputs.text('operation')
  const operation = OPERATIONS.get(name)
  if (operation === undefined) throw new RangeError(`there is no operation ${name}`)
  const joined = zipTensors(under, part, operation)
  if (joined.shape.join() !== under.shape.join())
    throw new RangeError(`masks of [${above.shape.join(', ')}] do not fit [${below.shape.join(', ')}]`)
  const output = createTensor(below.shape, Float32Array.from(below.data))
  const [count, rows, columns] = under.shape as [number, number, number]
  for (let i = 0; i < count * rows && columns > 0; i += 1) {
    const [plane, row] = [Math.floor(i / rows), i % rows]
    const to = (plane * height + top + row) * width + left
    output.data.set(joined.data.subarray(i * columns, (i + 1) * columns), to)
  }
  return mapTensor(output, (value) => Math.min(Math.max(value, 0), 1))
}

/** Edges fade over so many pixels. The far sides begin at the near edge, as the original's indexes -0, -1, … do. */
function featherMask(inputs: NodeInputs): Tensor {
  const mask = flattenMask(inputs.value<Tensor>('mask'))
  const [count, height, width] = mask.shape as [number, number, number]
  const output = createTensor(mask.shape, Float32Array.from(mask.data))
  const rates = (near: string, far: string, size: number) => {
    const weights = new Float64Array(size).fill(1)
    const [before, after] = [near, far].map((name) => Math.min(inputs.integer(name), size)) as [
      number,
      number,
    ]
    for (let i = 0; i < before; i += 1) weights[i]! *= (i + 1) / before
    for (let i = 0; i < after; i += 1) weights[i === 0 ? 0 : size - i]! *= (i + 1) / after
    return weights
  }
  const [across, down] = [rates('left', 'right', width), rates('top', 'bottom', height)]
  for (let i = 0; i < count * height * width; i += 1)
    output.data[i]! *= across[i % width]! * down[Math.floor(i / width) % height]!
  return output
}

/** Masks as grey pictures [masks, height, width, 3]. */
function toGreyPictures(mask: Tensor): Tensor {
  const { shape, data } = flattenMask(mask)
  const image = createTensor([...shape, 3])
  for (let i = 0; i < image.data.length; i += 1) image.data[i] = data[Math.floor(i / 3)]!
  return image
}
