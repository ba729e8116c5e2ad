import { joinRows } from '../denoise/combine.ts'
import type { LatentValue } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { convolve, sharpeningKernel } from '../pictures/convolve.ts'
import { upscale } from '../resample/common-upscale.ts'
import { joinAxis, mapTensor, repeatToBatch, sliceAxis, zipTensors } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { batchIndexOf } from './latent-batch-nodes.ts'
import type { NodeTable } from './node-table.ts'

/** A LATENT_OPERATION: what is done to a latent [batch, channels, h, w]. */
export type LatentOperation = (latent: Tensor) => Tensor

/** Arithmetic on latents. */
export const latentNodes: NodeTable = {
  LatentAdd: async (inputs) => combineLatents(inputs, (a, b) => a + b),
  LatentSubtract: async (inputs) => combineLatents(inputs, (a, b) => a - b),
  LatentMultiply: async (inputs) => {
    const latent = inputs.value<LatentValue>('samples')
    const factor = inputs.number('multiplier')
    return { outputs: [{ ...latent, samples: mapTensor(latent.samples, (value) => value * factor) }] }
  },
  LatentInterpolate: async (inputs) => {
    const latent = inputs.value<LatentValue>('samples1')
    const second = fitTo(latent.samples, inputs.value<LatentValue>('samples2').samples)
    return { outputs: [{ ...latent, samples: interpolate(latent.samples, second, inputs.number('ratio')) }] }
  },
  LatentConcat: async (inputs) => {
    const latent = inputs.value<LatentValue>('samples1')
    const second = repeatToBatch(inputs.value<LatentValue>('samples2').samples, latent.samples.shape[0]!)
    const dim = inputs.text('dim')
    const parts = dim.includes('-') ? [second, latent.samples] : [latent.samples, second]
    return { outputs: [{ ...latent, samples: joinAxis(parts, axisOf(latent.samples, dim)) }] }
  },
  LatentCut: async (inputs) => {
    const latent = inputs.value<LatentValue>('samples')
    const axis = axisOf(latent.samples, inputs.text('dim'))
    const size = latent.samples.shape[axis]!
    const asked = inputs.integer('index')
    const from = asked >= 0 ? Math.min(asked, size - 1) : Math.max(asked, -size) + size
    const to = from + Math.min(size - from, inputs.integer('amount'))
    return { outputs: [{ ...latent, samples: sliceAxis(latent.samples, axis, { from, to }) }] }
  },
  LatentBatch: async (inputs) => {
    const [latent, other] = [inputs.value<LatentValue>('samples1'), inputs.value<LatentValue>('samples2')]
    const samples = joinRows([latent.samples, resizeTo(latent.samples, other.samples)])
    const batchIndex = [...batchIndexOf(latent), ...batchIndexOf(other)]
    return { outputs: [{ ...latent, samples, batchIndex } satisfies LatentValue] }
  },
  LatentBatchSeedBehavior: async (inputs) => {
    const { batchIndex, ...latent } = inputs.value<LatentValue>('samples')
    if (inputs.text('seed_behavior') === 'random') return { outputs: [latent] }
    const fixed = new Array<number>(latent.samples.shape[0]!).fill(batchIndex?.[0] ?? 0)
    return { outputs: [{ ...latent, batchIndex: fixed } satisfies LatentValue] }
  },
  LatentApplyOperation: async (inputs) => {
    const latent = inputs.value<LatentValue>('samples')
    const operation = inputs.value<LatentOperation>('operation')
    return { outputs: [{ ...latent, samples: operation(latent.samples) }] }
  },
  LatentOperationTonemapReinhard: async (inputs) => {
    const multiplier = inputs.number('multiplier')
    return { outputs: [(latent: Tensor) => tonemap(latent, multiplier)] }
  },
  LatentOperationSharpen: async (inputs) => {
    const radius = inputs.integer('sharpen_radius')
    const kernel = sharpeningKernel(radius, inputs.number('sigma'), inputs.number('alpha'))
    const sharpen: LatentOperation = (latent) => {
      const lengths = lengthsOf(latent)
      const directions = zipTensors(latent, lengths, (value, length) => (length === 0 ? 0 : value / length))
      return zipTensors(convolve(directions, kernel), lengths, (value, length) => value * length)
    }
    return { outputs: [sharpen] }
  },
}

function combineLatents(inputs: NodeInputs, join: (a: number, b: number) => number) {
  const latent = inputs.value<LatentValue>('samples1')
  const second = fitTo(latent.samples, inputs.value<LatentValue>('samples2').samples)
  return { outputs: [{ ...latent, samples: zipTensors(latent.samples, second, join) }] }
}

function resizeTo({ shape }: Tensor, other: Tensor): Tensor {
  if (other.shape.slice(1).join() === shape.slice(1).join()) return other
  return upscale(other, { width: shape[3]!, height: shape[2]! }, { method: 'bilinear', crop: 'center' })
}

function fitTo(like: Tensor, other: Tensor): Tensor {
  return repeatToBatch(resizeTo(like, other), like.shape[0]!)
}

/** x the last axis, y the one before, t the third from the end. */
function axisOf({ shape }: Tensor, dim: string): number {
  if (dim.includes('x')) return shape.length - 1
  return dim.includes('y') ? shape.length - 2 : shape.length - 3
}

/** Lengths of the channel vectors, [batch, 1, h, w]; what is added keeps empty cells from being divided by nothing. */
function lengthsOf({ shape, data }: Tensor, added = 0): Tensor {
  const [batch, channels, height, width] = shape as [number, number, number, number]
  const lengths = createTensor([batch, 1, height, width])
  const size = height * width
  for (let i = 0; i < lengths.data.length; i += 1) {
    let sum = 0
    for (let c = 0; c < channels; c += 1) {
      const value = data[(Math.floor(i / size) * channels + c) * size + (i % size)]!
      sum += value * value
    }
    lengths.data[i] = Math.sqrt(sum) + added
  }
  return lengths
}

/** Directions mixed by share, lengths too. */
function interpolate(a: Tensor, b: Tensor, share: number): Tensor {
  // The original cannot take the lengths of more than one image.
  if (a.shape[0] !== 1) throw new RangeError(`LatentInterpolate takes one latent, not ${a.shape[0]}`)
  const unit = (tensor: Tensor, lengths: Tensor) =>
    zipTensors(tensor, lengths, (value, length) => (length === 0 ? 0 : value / length))
  const mix = (x: number, y: number) => x * share + y * (1 - share)
  const [lengthsA, lengthsB] = [lengthsOf(a), lengthsOf(b)]
  const mixed = zipTensors(unit(a, lengthsA), unit(b, lengthsB), mix)
  const directions = unit(mixed, lengthsOf(mixed))
  return zipTensors(directions, zipTensors(lengthsA, lengthsB, mix), (value, length) => value * length)
}

/** Reinhard's curve on the lengths of channel vectors; the top is five deviations above the mean of each image. */
function tonemap(latent: Tensor, multiplier: number): Tensor {
  const lengths = lengthsOf(latent, 1e-10)
  const size = lengths.data.length / lengths.shape[0]!
  const mapped = createTensor(lengths.shape)
  for (let start = 0; start < lengths.data.length; start += size) {
    const own = lengths.data.subarray(start, start + size)
    const mean = own.reduce((sum, value) => sum + value, 0) / size
    const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (size - 1)
    const top = (Math.sqrt(variance) * 5 + mean) * multiplier
    own.forEach((value, i) => (mapped.data[start + i] = (value / top / (value / top + 1)) * top))
  }
  const directions = zipTensors(latent, lengths, (value, length) => value / length)
  return zipTensors(directions, mapped, (value, length) => value * length)
}
