import { ModelKind } from '@atelier/proto'

const WEIGHT_EXTENSIONS = ['.safetensors', '.sft', '.ckpt', '.pt', '.pth', '.bin']

/** A folder of a models folder, what its files are for, and which of them count. */
export interface KnownFolder {
  readonly folder: string
  readonly kind: ModelKind
  readonly extensions: readonly string[]
}

const known = (kind: ModelKind, ...folders: string[]): KnownFolder[] =>
  folders.map((folder) => ({
    folder,
    kind,
    extensions:
      kind === ModelKind.MODEL_KIND_EMBEDDING ? [...WEIGHT_EXTENSIONS, '.png', '.webp'] : WEIGHT_EXTENSIONS,
  }))

/** Folders below a models folder as A1111 and ComfyUI name them; A1111 keeps embeddings beside the models folder. */
export const KNOWN_FOLDERS: readonly KnownFolder[] = [
  ...known(ModelKind.MODEL_KIND_CHECKPOINT, 'Stable-diffusion', 'checkpoints'),
  ...known(ModelKind.MODEL_KIND_VAE, 'VAE', 'vae'),
  ...known(ModelKind.MODEL_KIND_LORA, 'Lora', 'LyCORIS', 'loras'),
  ...known(ModelKind.MODEL_KIND_EMBEDDING, 'embeddings', '../embeddings'),
  ...known(ModelKind.MODEL_KIND_CONTROL_NET, 'ControlNet', 'controlnet', 't2i_adapter'),
  ...known(ModelKind.MODEL_KIND_UPSCALER, 'ESRGAN', 'RealESRGAN', 'SwinIR', 'upscale_models'),
  ...known(ModelKind.MODEL_KIND_TEXT_ENCODER, 'text_encoders', 'clip', 'text_encoder'),
  ...known(ModelKind.MODEL_KIND_DENOISER, 'diffusion_models', 'unet'),
  ...known(ModelKind.MODEL_KIND_TINY_VAE, 'VAE-approx', 'VAE-taesd', 'vae_approx'),
  ...known(ModelKind.MODEL_KIND_CLIP_VISION, 'clip_vision'),
  ...known(ModelKind.MODEL_KIND_STYLE_MODEL, 'style_models'),
  ...known(ModelKind.MODEL_KIND_GLIGEN, 'gligen'),
  ...known(ModelKind.MODEL_KIND_HYPERNETWORK, 'hypernetworks'),
  ...known(ModelKind.MODEL_KIND_PHOTOMAKER, 'photomaker'),
  // Forge's name for what the ControlNet extension calls annotators.
  { folder: 'ControlNetPreprocessor', kind: ModelKind.MODEL_KIND_PREPROCESSOR, extensions: ['.onnx'] },
  { folder: 'diffusers', kind: ModelKind.MODEL_KIND_DIFFUSERS_FOLDER, extensions: [] },
  { folder: 'Diffusers', kind: ModelKind.MODEL_KIND_DIFFUSERS_FOLDER, extensions: [] },
]
