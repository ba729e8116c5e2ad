import { createHypernetwork } from '../network-patches/hypernetwork.ts'
import type { InsidePatch } from '../denoise/inside/patch-network.ts'
import { createTokenMerging } from '../network-patches/token-merging.ts'
import type { HeldModels } from './held-models.ts'
import type { Pass } from './pass.ts'

/** What a pass changes inside the denoising network: hypernetworks of its prompts, and merged tokens. */
export function listPassPatches(
  { settings, hypernetworks }: Pick<Pass, 'settings' | 'hypernetworks'>,
  models: HeldModels,
): InsidePatch[] {
  const patches = hypernetworks.flatMap(({ file, strength }, i) => {
    const network = file && models.hypernetwork(file)
    return network === undefined ? [] : [createHypernetwork(network, strength, i)]
  })
  const ratio = settings.tokenMergingRatio
  return ratio > 0 ? [...patches, createTokenMerging(ratio, 'all', patches.length)] : patches
}
