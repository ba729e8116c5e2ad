import { joinRows, sliceRows } from '../denoise/combine.ts'
import type { LatentValue } from '../node-graph/node-context.ts'
import { joinAxis } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { NodeTable } from './node-table.ts'

/** Lists of batches cut anew into batches of another size. */
export const rebatchNodes: NodeTable = {
  RebatchLatents: async (inputs) => {
    const size = Number(inputs.list<bigint>('batch_size')[0])
    return { outputs: [rebatchLatents(inputs.list<LatentValue>('latents'), size)] }
  },
  RebatchImages: async (inputs) => {
    const size = Number(inputs.list<bigint>('batch_size')[0])
    const pictures = inputs.list<Tensor>('images').flatMap(listRows)
    return { outputs: [toGroups(pictures, size).map((group) => joinAxis(group, 0))] }
  },
}

/** One latent with what a batch keeps beside it. */
interface Single {
  readonly samples: Tensor
  /** [1, 1, H, W] */
  readonly mask: Tensor
  readonly index: number
}

/** Latents of one size after the other share batches; a mask that leaves nothing alone is dropped. */
function rebatchLatents(latents: readonly LatentValue[], size: number): LatentValue[] {
  const runs: Single[][] = []
  let processed = 0
  for (const latent of latents) {
    const singles = toSingles(latent, processed)
    processed += singles.length
    const last = runs.at(-1)
    if (last !== undefined && isSameSize(last[0]!.samples, latent.samples)) last.push(...singles)
    else runs.push(singles)
  }
  return runs.flatMap((run) => toGroups(run, size)).map(joinSingles)
}

function toSingles({ samples, noiseMask, batchIndex }: LatentValue, processed: number): Single[] {
  const [, , height, width] = samples.shape as [number, number, number, number]
  const masks = listRows(noiseMask ?? solidMask(height * PIXELS_PER_CELL, width * PIXELS_PER_CELL))
  return listRows(samples).map((row, i) => ({
    samples: row,
    mask: masks[i % masks.length]!,
    index: batchIndex?.[i] ?? processed + i,
  }))
}

const PIXELS_PER_CELL = 8

function solidMask(height: number, width: number): Tensor {
  return createTensor([1, 1, height, width], new Float32Array(height * width).fill(1))
}

function isSameSize(a: Tensor, b: Tensor): boolean {
  return a.shape.slice(-2).join() === b.shape.slice(-2).join()
}

function joinSingles(singles: readonly Single[]): LatentValue {
  const mask = joinAxis(
    singles.map((single) => single.mask),
    0,
  )
  return {
    samples: joinRows(singles.map(({ samples }) => samples)),
    ...(mask.data.every((value) => value === 1) ? {} : { noiseMask: mask }),
    batchIndex: singles.map(({ index }) => index),
  }
}

function listRows(batch: Tensor): Tensor[] {
  return Array.from({ length: batch.shape[0]! }, (_, row) => sliceRows(batch, row, row + 1))
}

function toGroups<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}
