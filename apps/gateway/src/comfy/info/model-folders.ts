import { ModelKind, type ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'

/** ComfyUI's model folders in its order, with the kind of files each holds and the folders below `models/` it reads. */
const FOLDERS: readonly { name: string; kind?: ModelKind; paths: readonly string[] }[] = [
  {
    name: 'checkpoints',
    kind: ModelKind.MODEL_KIND_CHECKPOINT,
    paths: ['/models/checkpoints', '/output/checkpoints'],
  },
  { name: 'configs', paths: ['/models/configs'] },
  { name: 'loras', kind: ModelKind.MODEL_KIND_LORA, paths: ['/models/loras', '/output/loras'] },
  { name: 'vae', kind: ModelKind.MODEL_KIND_VAE, paths: ['/models/vae', '/output/vae'] },
  {
    name: 'text_encoders',
    kind: ModelKind.MODEL_KIND_TEXT_ENCODER,
    paths: ['/models/text_encoders', '/models/clip', '/output/clip'],
  },
  {
    name: 'diffusion_models',
    kind: ModelKind.MODEL_KIND_DENOISER,
    paths: ['/models/unet', '/models/diffusion_models', '/output/diffusion_models'],
  },
  { name: 'clip_vision', kind: ModelKind.MODEL_KIND_CLIP_VISION, paths: ['/models/clip_vision'] },
  { name: 'style_models', kind: ModelKind.MODEL_KIND_STYLE_MODEL, paths: ['/models/style_models'] },
  { name: 'embeddings', kind: ModelKind.MODEL_KIND_EMBEDDING, paths: ['/models/embeddings'] },
  { name: 'diffusers', kind: ModelKind.MODEL_KIND_DIFFUSERS_FOLDER, paths: ['/models/diffusers'] },
  { name: 'vae_approx', kind: ModelKind.MODEL_KIND_TINY_VAE, paths: ['/models/vae_approx'] },
  {
    name: 'controlnet',
    kind: ModelKind.MODEL_KIND_CONTROL_NET,
    paths: ['/models/controlnet', '/models/t2i_adapter'],
  },
  { name: 'gligen', kind: ModelKind.MODEL_KIND_GLIGEN, paths: ['/models/gligen'] },
  { name: 'upscale_models', kind: ModelKind.MODEL_KIND_UPSCALER, paths: ['/models/upscale_models'] },
  { name: 'custom_nodes', paths: ['/custom_nodes'] },
  { name: 'hypernetworks', kind: ModelKind.MODEL_KIND_HYPERNETWORK, paths: ['/models/hypernetworks'] },
  { name: 'photomaker', kind: ModelKind.MODEL_KIND_PHOTOMAKER, paths: ['/models/photomaker'] },
  { name: 'classifiers', paths: ['/models/classifiers'] },
  { name: 'model_patches', paths: ['/models/model_patches'] },
  { name: 'audio_encoders', paths: ['/models/audio_encoders'] },
]

const BY_NAME = new Map(FOLDERS.map((folder) => [folder.name, folder]))

/** A model folder's name and where it would look, as logical paths: the workers' disks are their own business. */
export interface ModelFolder {
  readonly name: string
  readonly paths: readonly string[]
}

/** All model folders, in ComfyUI's order. */
export function listModelFolders(): readonly ModelFolder[] {
  return FOLDERS
}

/** The kind of files a folder holds; undefined for folders that are unknown or always empty here. */
export function kindOfFolder(name: string): ModelKind | undefined {
  return BY_NAME.get(name)?.kind
}

/** Whether ComfyUI has a model folder of exactly this name. */
export function isModelFolder(name: string): boolean {
  return BY_NAME.has(name)
}

/** The usable files of a folder, one for each name, sorted by name. */
export function listModelFiles(models: ModelIndex, folder: string): ModelFile[] {
  const kind = kindOfFolder(folder)
  if (kind === undefined) return []
  const byName = new Map<string, ModelFile>()
  for (const file of models.list(kind)) {
    if (file.unusableReason === '' && !byName.has(file.name)) byName.set(file.name, file)
  }
  return [...byName.values()]
}
