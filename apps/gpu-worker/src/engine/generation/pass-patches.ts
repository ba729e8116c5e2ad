import { createHypernetwork } from '../network-patches/hypernetwork.ts'
import type { InsidePatch } from '../denoise/inside/patch-network.ts'
import { countMerged, createTokenMerging } from '../network-patches/token-merging.ts'
import type { UsableCheckpoint } from '../models/use-checkpoint.ts'
import type { Generation } from './generation.ts'
import type { Pass } from './pass.ts'

/** What a pass changes inside a checkpoint's denoising network: hypernetworks of its prompts, merged tokens, tiles. */
export function listPassPatches(
  { models, hyperTile }: Pick<Generation, 'models' | 'hyperTile'>,
  { settings, hypernetworks }: Pick<Pass, 'settings' | 'hypernetworks'>,
  { model }: Pick<UsableCheckpoint, 'model'>,
): InsidePatch[] {
  const patches = hypernetworks.flatMap(({ file, strength }, i) => {
    const network = file && models.hypernetwork(file)
    return network === undefined ? [] : [createHypernetwork(network, strength, i)]
  })
  const ratio = settings.tokenMergingRatio
  if (ratio > 0) patches.push(createTokenMerging(ratio, 'all', patches.length))
  if (hyperTile === undefined) return patches
  const isXl = model.family === 'sdxl' || model.family === 'sdxl-refiner'
  const merged = (height: number, width: number) => countMerged(height, width, ratio)
  patches.push(hyperTile.patch(model.layout, isXl, merged))
  return patches
}
