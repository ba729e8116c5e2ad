import { countElements, createTensor, type Tensor } from '../../tensor/tensor.ts'
import { joinRows } from '../combine.ts'
import type { SamplerNoise } from '../sampler.ts'
import { BrownianTree } from './brownian-tree.ts'
import { createGenerator, type GeneratorKind } from './generator.ts'
import type { ImageNoise } from './image-noise.ts'
import { TorchGenerator } from './torch-generator.ts'

/** Span of Brownian noise, in sigmas. */
export interface BrownianRange {
  readonly from: number
  readonly to: number
}

/** A1111's noise during sampling: each image's own generator, and one Brownian tree an image. */
export function createWebuiNoise(
  images: ImageNoise,
  {
    kind,
    seeds,
    shape,
    range,
  }: { kind: GeneratorKind; seeds: readonly bigint[]; shape: readonly number[]; range: BrownianRange },
): SamplerNoise {
  const [, ...imageShape] = shape
  const trees = seeds.map((seed) => lazyTree(range, seed, { kind, shape: imageShape }))
  return {
    next: () => images.next(),
    churn: () => images.next(),
    between: (from, to) =>
      joinRows(trees.map((tree) => createTensor([1, ...imageShape], toUnitNoise(tree(), from, to)))),
  }
}

/**
 * ComfyUI's noise during sampling: one CPU generator and one Brownian tree for the whole batch, with the node's seed.
 * The first draw equals the start noise, as there.
 */
export function createComfyNoise(seed: bigint, shape: readonly number[], range: BrownianRange): SamplerNoise {
  const count = countElements(shape)
  const generator = new TorchGenerator(seed)
  // Churn goes on with the generator that made the start noise.
  const started = new TorchGenerator(seed)
  started.drawNormal(count)
  const tree = lazyTree(range, seed, { kind: 'cpu', shape })
  return {
    next: () => createTensor(shape, generator.drawNormal(count)),
    churn: (other = shape) => createTensor(other, started.drawNormal(countElements(other))),
    between: (from, to): Tensor => createTensor(shape, toUnitNoise(tree(), from, to)),
  }
}

/** A tree made at its first use: most samplers need none. */
function lazyTree(
  range: BrownianRange,
  seed: bigint,
  { kind, shape }: { kind: GeneratorKind; shape: readonly number[] },
): () => BrownianTree {
  const count = shape.reduce((product, size) => product * size, 1)
  let tree: BrownianTree | undefined
  return () =>
    (tree ??= new BrownianTree(range, seed, (nodeSeed) => createGenerator(kind, nodeSeed).drawNormal(count)))
}

/** The originals' trees ascend: an increment walked downwards is turned. */
function toUnitNoise(tree: BrownianTree, from: number, to: number): Float32Array {
  const factor = (from > to ? -1 : 1) / Math.sqrt(Math.abs(from - to))
  return tree.increment(Math.min(from, to), Math.max(from, to)).map((value) => value * factor)
}
