import type { UsableCheckpoint } from '../models/use-checkpoint.ts'
import type { Use } from '../models/residency.ts'
import type { ClipValue, ModelValue, NodeContext } from '../node-graph/node-context.ts'

/** Uses the checkpoint that a MODEL or CLIP stands for, its LoRAs applied by ComfyUI's rules. */
export async function useModel(
  { checkpoint, adapters = [], rounding }: ModelValue & Pick<ClipValue, 'adapters'>,
  { models }: Pick<NodeContext, 'models'>,
): Promise<Use<UsableCheckpoint>> {
  return models.useCheckpoint(checkpoint, { flavour: 'comfy', refs: adapters, rounding })
}
