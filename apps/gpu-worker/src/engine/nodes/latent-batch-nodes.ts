import type { LatentValue } from '../node-graph/node-context.ts'
import { roundHalfEven, upscale, type UpscaleMethod } from '../resample/common-upscale.ts'
import { flattenMask, flipAxis, repeatToBatch, sliceAxis, turnPlane } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { NodeTable } from './node-table.ts'

/** Smallest side that LatentCrop leaves, cells. */
const MINIMUM_CELLS = 8

/** The indexes a latent's images take their noise from. */
export function batchIndexOf({ samples, batchIndex }: LatentValue): readonly number[] {
  return batchIndex ?? Array.from({ length: samples.shape[0]! }, (_, i) => i)
}

/** How far a rotation choice turns, in quarters. */
export function quartersOf(rotation: string): number {
  return Math.max(['none', '90', '180', '270'].indexOf(rotation.split(' ')[0]!), 0)
}

/** Batches, sizes and orientation of latents. */
export const latentBatchNodes: NodeTable = {
  LatentUpscaleBy: async (inputs) => {
    const latent = inputs.value<LatentValue>('samples')
    const [rows, columns] = latent.samples.shape.slice(2) as [number, number]
    const factor = inputs.number('scale_by')
    const size = { width: roundHalfEven(columns * factor), height: roundHalfEven(rows * factor) }
    const method = inputs.text('upscale_method') as UpscaleMethod
    return { outputs: [{ ...latent, samples: upscale(latent.samples, size, { method, crop: 'disabled' }) }] }
  },
  LatentFromBatch: async (inputs) => {
    const latent = inputs.value<LatentValue>('samples')
    const count = latent.samples.shape[0]!
    const from = Math.min(count - 1, inputs.integer('batch_index'))
    const to = from + Math.min(count - from, inputs.integer('length'))
    const noiseMask = latent.noiseMask && takeMasks(latent.noiseMask, count, { from, to })
    const batchIndex = batchIndexOf(latent).slice(from, to)
    const samples = sliceAxis(latent.samples, 0, { from, to })
    return { outputs: [{ samples, ...(noiseMask && { noiseMask }), batchIndex } satisfies LatentValue] }
  },
  RepeatLatentBatch: async (inputs) => {
    const latent = inputs.value<LatentValue>('samples')
    const amount = inputs.integer('amount')
    const repeat = (tensor: Tensor) => repeatToBatch(tensor, tensor.shape[0]! * amount)
    const { noiseMask, batchIndex } = latent
    return {
      outputs: [
        {
          samples: repeat(latent.samples),
          ...(noiseMask && { noiseMask: noiseMask.shape[0]! > 1 ? repeat(noiseMask) : noiseMask }),
          ...(batchIndex && { batchIndex: repeatIndexes(batchIndex, amount) }),
        } satisfies LatentValue,
      ],
    }
  },
  SetLatentNoiseMask: async (inputs) => {
    const { shape, data } = flattenMask(inputs.value<Tensor>('mask'))
    const noiseMask = createTensor([shape[0]!, 1, shape[1]!, shape[2]!], data)
    return { outputs: [{ ...inputs.value<LatentValue>('samples'), noiseMask } satisfies LatentValue] }
  },
  LatentRotate: async (inputs) => {
    const latent = inputs.value<LatentValue>('samples')
    const samples = turnPlane(latent.samples, 2, quartersOf(inputs.text('rotation')))
    return { outputs: [{ ...latent, samples }] }
  },
  LatentFlip: async (inputs) => {
    const latent = inputs.value<LatentValue>('samples')
    const axis = inputs.text('flip_method').startsWith('x') ? 2 : 3
    return { outputs: [{ ...latent, samples: flipAxis(latent.samples, axis) }] }
  },
  LatentCrop: async (inputs) => {
    const latent = inputs.value<LatentValue>('samples')
    const [rows, columns] = latent.samples.shape.slice(2) as [number, number]
    const place = (name: string, limit: number) =>
      Math.min(Math.floor(inputs.integer(name) / 8), limit - MINIMUM_CELLS)
    const [x, y] = [place('x', columns), place('y', rows)]
    const spanOf = (from: number, size: number) => ({ from, to: from + Math.floor(size / 8) })
    const tall = sliceAxis(latent.samples, 2, spanOf(y, inputs.integer('height')))
    return { outputs: [{ ...latent, samples: sliceAxis(tall, 3, spanOf(x, inputs.integer('width'))) }] }
  },
}

function takeMasks(mask: Tensor, count: number, span: { from: number; to: number }): Tensor {
  if (mask.shape[0] === 1) return mask
  return sliceAxis(mask.shape[0]! < count ? repeatToBatch(mask, count) : mask, 0, span)
}

/** Each repetition goes on above the last index. */
function repeatIndexes(indexes: readonly number[], amount: number): number[] {
  const offset = Math.max(...indexes) - Math.min(...indexes) + 1
  return Array.from({ length: amount }, (_, i) => indexes.map((index) => index + i * offset)).flat()
}
