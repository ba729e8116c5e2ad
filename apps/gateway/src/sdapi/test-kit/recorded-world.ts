import { ModelFile, ModelKind } from '@atelier/proto'
import type { PromptStyle } from '../styles.ts'

const ROOT = '/srv/stable-diffusion-webui'

/** Whole hashes of the recorded checkpoints; of the other files only the digits that are shown are known. */
const HASHES = {
  'tiny-a.safetensors': 'e759340ef1c9c68ed8aedb5f4390ee21cb818da10c9d466fb8280b3e710e3a57',
  'sub/tiny-b.safetensors': 'fb5742bc6f66dfc1b378007a67bc051c897655a35b7c925535a228a98db5f146',
  'tiny-vae.safetensors': `84d4f09b43${'0'.repeat(54)}`,
  'tinyemb.pt': `22c72d33587e${'0'.repeat(52)}`,
} as const

/** Both recorded LoRAs hold the same tensors. */
const LORA_HASH = `3ed740e83dae${'0'.repeat(52)}`

const file = (kind: ModelKind, folder: string, name: string, more: Partial<ModelFile> = {}): ModelFile =>
  ModelFile.fromPartial({
    ...{ kind, name, identity: `identity of ${name}`, path: `${ROOT}/${folder}/${name}` },
    sha256: name in HASHES ? HASHES[name as keyof typeof HASHES] : '',
    ...more,
  })
const checkpoint = (name: string) =>
  file(ModelKind.MODEL_KIND_CHECKPOINT, 'models/Stable-diffusion', name, {
    family: 'sd1',
    embeddingWidth: 32,
    configPath: `${ROOT}/models/Stable-diffusion/${name.replace('.safetensors', '.yaml')}`,
  })

/** The model files the recorded server had. */
export const RECORDED_MODELS: readonly ModelFile[] = [
  checkpoint('sub/tiny-b.safetensors'),
  checkpoint('tiny-a.safetensors'),
  file(ModelKind.MODEL_KIND_VAE, 'models/VAE', 'tiny-vae.safetensors'),
  file(ModelKind.MODEL_KIND_LORA, 'models/Lora', 'plain lora, v1.safetensors', {
    contentSha256: LORA_HASH,
  }),
  file(ModelKind.MODEL_KIND_LORA, 'models/Lora', 'tinylora.safetensors', {
    contentSha256: LORA_HASH,
    metadata: {
      ss_network_dim: '2',
      ss_output_name: 'TinyAlias',
      ss_sd_model_name: 'x',
      ss_tag_frequency: '{"d": {"cat": 3}}',
    },
  }),
  file(ModelKind.MODEL_KIND_EMBEDDING, 'embeddings', 'bigemb.safetensors', {
    embeddingVectors: 2,
    embeddingWidth: 768,
  }),
  file(ModelKind.MODEL_KIND_EMBEDDING, 'embeddings', 'tinyemb.pt', {
    embeddingVectors: 3,
    embeddingWidth: 32,
    metadata: { step: '120', sd_checkpoint: 'abcdef0123', sd_checkpoint_name: 'base' },
  }),
]

/** The styles the recorded server had. */
export const RECORDED_STYLES: readonly PromptStyle[] = [
  { name: 'Moody', prompt: 'dark clouds', negativePrompt: 'bright' },
  { name: 'Wrap', prompt: 'photo of {prompt}, 35mm', negativePrompt: '{prompt}, blurry' },
  { name: 'NegOnly', prompt: '', negativePrompt: 'lowres, jpeg' },
]
