import { ModelKind } from '@atelier/proto'
import { EngineError } from '../engine-error.ts'
import type { LoadedVae } from '../models/loaded-model.ts'
import { PIXEL_SPACE, pixelSpaceVae } from '../models/pixel-space.ts'
import type { ModelStore, UsableTexts } from '../models/model-store.ts'
import type { Use } from '../models/residency.ts'
import type { ClipValue, VaeValue } from '../node-graph/node-context.ts'
import { useModel } from './use-model.ts'

/**
 * The autoencoder of a VAE input: a file of its own, a checkpoint's, a tiny one, or none at all.
 * @throws EngineError `unusable-model` when the checkpoint has none
 */
export async function useVaeOf({ checkpoint }: VaeValue, models: ModelStore): Promise<Use<LoadedVae>> {
  const { kind, name } = checkpoint
  if (kind === ModelKind.MODEL_KIND_TINY_VAE) return models.useTinyVae(name)
  if (kind === ModelKind.MODEL_KIND_VAE)
    return name === PIXEL_SPACE ? { value: pixelSpaceVae, done: () => undefined } : models.useVae(checkpoint)
  const use = await models.useCheckpoint(checkpoint)
  const { vae } = use.value
  if (vae !== undefined) return { value: vae, done: () => use.done() }
  use.done()
  throw new EngineError('unusable-model', 'the checkpoint has no VAE')
}

/** The text encoders of a CLIP input: of files of their own, or a checkpoint's; its LoRAs applied by ComfyUI's rules. */
export async function useTextEncodersOf(clip: ClipValue, models: ModelStore): Promise<Use<UsableTexts>> {
  const { checkpoint, companion, adapters = [] } = clip
  if (checkpoint.kind !== ModelKind.MODEL_KIND_TEXT_ENCODER) {
    const use = await useModel(clip, { models })
    const { model, remarks } = use.value
    return { value: { textEncoders: model.textEncoders, remarks }, done: () => use.done() }
  }
  const refs = companion === undefined ? [checkpoint] : [checkpoint, companion]
  return models.useTextEncoders(refs, { flavour: 'comfy', refs: adapters })
}
