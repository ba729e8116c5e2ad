import { joinRows } from '../denoise/combine.ts'
import { TorchGenerator } from '../denoise/noise/torch-generator.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { roundHalfEven, upscale } from '../resample/common-upscale.ts'
import { toChannelsFirst, toChannelsLast } from '../resample/resize-tensor.ts'
import { flipAxis, repeatToBatch, sliceAxis, turnPlane } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { fitCentre } from './fit-pictures.ts'
import { quartersOf } from './latent-batch-nodes.ts'
import type { NodeTable } from './node-table.ts'
import { scaleTo } from './picture-nodes.ts'
import { stitchPictures } from './stitch-pictures.ts'

/** Cutting, joining, turning and measuring pictures [batch, height, width, channels]. */
export const imageNodes: NodeTable = {
  ImageBatch: async (inputs) => {
    const [first, second] = [inputs.value<Tensor>('image1'), inputs.value<Tensor>('image2')]
    const isSame = first.shape.slice(1).join() === second.shape.slice(1).join()
    const fitted = isSame ? second : fitCentre(second, first, 'bilinear')
    if (fitted.shape[3] !== first.shape[3])
      throw new RangeError(`pictures of ${first.shape[3]} and ${fitted.shape[3]} channels cannot be joined`)
    return { outputs: [joinRows([first, fitted])] }
  },
  ImagePadForOutpaint: async (inputs) => ({ outputs: padForOutpaint(inputs) }),
  ImageCrop: async (inputs) => {
    const image = inputs.value<Tensor>('image')
    const spanOf = (at: string, size: string, limit: number) => {
      const from = Math.min(inputs.integer(at), limit - 1)
      return { from, to: from + inputs.integer(size) }
    }
    const rows = sliceAxis(image, 1, spanOf('y', 'height', image.shape[1]!))
    return { outputs: [sliceAxis(rows, 2, spanOf('x', 'width', image.shape[2]!))] }
  },
  RepeatImageBatch: async (inputs) => {
    const image = inputs.value<Tensor>('image')
    return { outputs: [repeatToBatch(image, image.shape[0]! * inputs.integer('amount'))] }
  },
  ImageFromBatch: async (inputs) => {
    const image = inputs.value<Tensor>('image')
    const from = Math.min(image.shape[0]! - 1, inputs.integer('batch_index'))
    return { outputs: [sliceAxis(image, 0, { from, to: from + inputs.integer('length') })] }
  },
  ImageAddNoise: async (inputs) => {
    const { shape, data } = inputs.value<Tensor>('image')
    const noise = new TorchGenerator(inputs.bigint('seed')).drawNormal(data.length)
    const strength = inputs.number('strength')
    const noisy = data.map((value, i) => Math.min(Math.max(value + strength * noise[i]!, 0), 1))
    return { outputs: [createTensor(shape, noisy)] }
  },
  ImageStitch: async (inputs) => ({ outputs: [stitchPictures(inputs)] }),
  ResizeAndPadImage: async (inputs) => ({ outputs: [resizeAndPad(inputs)] }),
  GetImageSize: async (inputs, { nodeId, job }) => {
    const [batch, height, width] = inputs.value<Tensor>('image').shape as [number, number, number]
    const text = `width: ${width}, height: ${height}\n batch size: ${batch}`
    job.tell({ $case: 'nodeText', value: { nodeId, text } })
    return { outputs: [BigInt(width), BigInt(height), BigInt(batch)] }
  },
  ImageRotate: async (inputs) => ({
    outputs: [turnPlane(inputs.value<Tensor>('image'), 1, quartersOf(inputs.text('rotation')))],
  }),
  ImageFlip: async (inputs) => ({
    outputs: [flipAxis(inputs.value<Tensor>('image'), inputs.text('flip_method').startsWith('x') ? 1 : 2)],
  }),
  ImageScaleToMaxDimension: async (inputs) => {
    const image = inputs.value<Tensor>('image')
    const [height, width] = image.shape.slice(1, 3) as [number, number]
    const largest = inputs.integer('largest_size')
    const size = {
      width: height > width ? roundHalfEven((width / height) * largest) : largest,
      height: width > height ? roundHalfEven((height / width) * largest) : largest,
    }
    return { outputs: [scaleTo(image, size, inputs.text('upscale_method'))] }
  },
  FluxKontextImageScale: async (inputs) => ({ outputs: [scaleToKontext(inputs.value<Tensor>('image'))] }),
}

/** Narrow sides and wide sides, pixels, of the sizes that FLUX.1 Kontext was trained with, the square one last. */
const KONTEXT_SIDES = [
  ...([
    [672, 1568],
    [688, 1504],
    [720, 1456],
    [752, 1392],
    [800, 1328],
  ] as const),
  ...([
    [832, 1248],
    [880, 1184],
    [944, 1104],
    [1024, 1024],
  ] as const),
]

/** Brought to the one of those sizes whose proportions are nearest, the middle kept. */
function scaleToKontext(image: Tensor): Tensor {
  const [height, width] = image.shape.slice(1, 3) as [number, number]
  const sizes = KONTEXT_SIDES.flatMap(([narrow, wide]) => [
    { width: narrow, height: wide },
    { width: wide, height: narrow },
  ])
  const distance = (size: { width: number; height: number }) =>
    Math.abs(width / height - size.width / size.height)
  const [nearest] = sizes.sort((a, b) => distance(a) - distance(b) || a.width - b.width)
  return toChannelsLast(upscale(toChannelsFirst(image), nearest!, { method: 'lanczos', crop: 'center' }))
}

function padForOutpaint(inputs: NodeInputs): [Tensor, Tensor] {
  const image = inputs.value<Tensor>('image')
  const [batch, height, width, channels] = image.shape as [number, number, number, number]
  const [left, top, right, bottom] = ['left', 'top', 'right', 'bottom'].map((side) =>
    inputs.integer(side),
  ) as [number, number, number, number]
  const [rows, columns] = [height + top + bottom, width + left + right]
  const padded = createTensor([batch, rows, columns, channels])
  padded.data.fill(0.5)
  placeRows(padded, image, { top, left })
  const mask = createTensor([1, rows, columns])
  mask.data.fill(1)
  const feather = inputs.integer('feathering')
  const isSoft = feather > 0 && feather * 2 < height && feather * 2 < width
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const away = Math.min(
        top === 0 ? height : y,
        bottom === 0 ? height : height - y,
        left === 0 ? width : x,
        right === 0 ? width : width - x,
      )
      const value = isSoft && away < feather ? ((feather - away) / feather) ** 2 : 0
      mask.data[(top + y) * columns + left + x] = value
    }
  }
  return [padded, mask]
}

function placeRows(target: Tensor, image: Tensor, { top, left }: { top: number; left: number }): void {
  const [batch, height, width, channels] = image.shape as [number, number, number, number]
  const [, rows, columns] = target.shape as [number, number, number]
  for (let b = 0; b < batch; b += 1) {
    for (let y = 0; y < height; y += 1) {
      const from = (b * height + y) * width * channels
      const to = ((b * rows + top + y) * columns + left) * channels
      target.data.set(image.data.subarray(from, from + width * channels), to)
    }
  }
}

function resizeAndPad(inputs: NodeInputs): Tensor {
  const image = inputs.value<Tensor>('image')
  const [batch, height, width, channels] = image.shape as [number, number, number, number]
  const [toWidth, toHeight] = [inputs.integer('target_width'), inputs.integer('target_height')]
  const factor = Math.min(toWidth / width, toHeight / height)
  const size = { width: Math.trunc(width * factor), height: Math.trunc(height * factor) }
  const padded = createTensor([batch, toHeight, toWidth, channels])
  padded.data.fill(inputs.text('padding_color') === 'black' ? 0 : 1)
  placeRows(padded, scaleTo(image, size, inputs.text('interpolation')), {
    top: Math.floor((toHeight - size.height) / 2),
    left: Math.floor((toWidth - size.width) / 2),
  })
  return padded
}
