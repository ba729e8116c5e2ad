import type { LoadedModel } from '../models/loaded-model.ts'
import { patchModel } from '../models/patched-model.ts'
import type { ModelValue, NodeContext } from '../node-graph/node-context.ts'

/** What a node that runs no network must know about a model. */
export type ModelDescription = Pick<LoadedModel, 'sampling' | 'prediction' | 'latents'>

/** Describes the model of a MODEL input. */
export async function describeModel(
  { checkpoint, patches }: ModelValue,
  { models }: NodeContext,
): Promise<ModelDescription> {
  const use = await models.useCheckpoint(checkpoint)
  try {
    const { sampling, prediction, latents } = patchModel(use.value.model, patches)
    return { sampling, prediction, latents }
  } finally {
    use.done()
  }
}
