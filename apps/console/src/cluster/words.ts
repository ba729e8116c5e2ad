import type { ModelBody } from '@atelier/catalog/atelier-api'

/** Kinds of model files, in words. */
export const MODEL_KIND_WORDS: Readonly<Record<ModelBody['kind'], string>> = {
  checkpoint: 'Checkpoint',
  vae: 'VAE',
  lora: 'LoRA',
  embedding: 'Embedding',
  'control-net': 'ControlNet',
  upscaler: 'Upscaler',
  'text-encoder': 'Text encoder',
  denoiser: 'Denoiser',
  'tiny-vae': 'Tiny VAE',
  'clip-vision': 'CLIP vision',
  'style-model': 'Style model',
  gligen: 'GLIGEN',
  hypernetwork: 'Hypernetwork',
  photomaker: 'PhotoMaker',
  'diffusers-folder': 'Diffusers folder',
  preprocessor: 'Preprocessor',
}
