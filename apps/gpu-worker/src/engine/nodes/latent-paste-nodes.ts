import type { LatentValue } from '../node-graph/node-context.ts'
import { upscale } from '../resample/common-upscale.ts'
import { resolveSpan, sliceAxis, zipTensors } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { NodeTable } from './node-table.ts'

/** Pasting and mixing latents. */
export const latentPasteNodes: NodeTable = {
  LatentComposite: async (inputs) => {
    const latent = inputs.value<LatentValue>('samples_to')
    const cells = (name: string) => Math.floor(inputs.integer(name) / 8)
    const source = inputs.value<LatentValue>('samples_from').samples
    const place = { x: cells('x'), y: cells('y'), feather: cells('feather') }
    return { outputs: [{ ...latent, samples: pasteFeathered(latent.samples, source, place) }] }
  },
  LatentBlend: async (inputs) => {
    const latent = inputs.value<LatentValue>('samples1')
    const second = inputs.value<LatentValue>('samples2').samples
    const share = inputs.number('blend_factor')
    const [height, width] = latent.samples.shape.slice(2) as [number, number]
    const isSame = latent.samples.shape.join() === second.shape.join()
    const fitted = isSame ? second : upscale(second, { width, height }, { method: 'bicubic', crop: 'center' })
    const samples = zipTensors(latent.samples, fitted, (a, b) => a * share + b * (1 - share))
    return { outputs: [{ ...latent, samples }] }
  },
}

function pasteFeathered(
  target: Tensor,
  source: Tensor,
  { x, y, feather }: { x: number; y: number; feather: number },
): Tensor {
  const [batch, channels, rows, columns] = target.shape as [number, number, number, number]
  const cut = sliceAxis(sliceAxis(source, 2, { from: 0, to: rows - y }), 3, { from: 0, to: columns - x })
  const [count, , height, width] = cut.shape as [number, number, number, number]
  if (count !== 1 && count !== batch) throw new RangeError(`${count} latents do not fit ${batch}`)
  const isInside = (size: number, from: number, length: number) =>
    resolveSpan(size, { from, to: from + length }).length === length
  if (!isInside(rows, y, height) || !isInside(columns, x, width))
    throw new RangeError(`a latent placed at ${x}, ${y} lies outside one of ${columns}x${rows}`)
  const fades = (isBefore: boolean, isAfter: boolean, size: number) =>
    fade(size, { feather, before: isBefore, after: isAfter })
  const down = fades(y !== 0, y + height < rows, height)
  const across = fades(x !== 0, x + width < columns, width)
  const output = createTensor(target.shape, Float32Array.from(target.data))
  for (let b = 0; b < batch; b += 1) {
    for (let c = 0; c < channels; c += 1) {
      for (let v = 0; v < height; v += 1) {
        for (let u = 0; u < width; u += 1) {
          const to = ((b * channels + c) * rows + y + v) * columns + x + u
          const from = (((b % count) * channels + c) * height + v) * width + u
          const share = down[v]! * across[u]!
          output.data[to] = cut.data[from]! * share + output.data[to]! * (1 - share)
        }
      }
    }
  }
  return output
}

/** Weights along a side that rise from and fall to its ends; a feather wider than the side wraps as slices do. */
function fade(
  size: number,
  { feather, before, after }: { feather: number; before: boolean; after: boolean },
): Float64Array {
  const weights = new Float64Array(size).fill(1)
  const apply = (from: number, to: number, rate: number) => {
    const { start, length } = resolveSpan(size, { from, to })
    for (let i = start; i < start + length; i += 1) weights[i]! *= rate
  }
  for (let t = 0; t < feather; t += 1) {
    if (before) apply(t, t + 1, (t + 1) / feather)
    if (after) apply(size - 1 - t, size - t, (t + 1) / feather)
  }
  return weights
}
