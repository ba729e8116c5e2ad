import { WEBUI_SAMPLERS, WEBUI_SCHEDULES } from '@atelier/catalog'
import {
  isExactObject,
  parseExactJson,
  toExact,
  type ExactObject,
  type ExactValue,
  type PlainValue,
} from '@atelier/catalog/exact-json'
import { ModelKind, type ModelFile } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import { listCheckpoints, toModelName, toShortHash, toTitle } from '../resolve-checkpoint.ts'
import { readStyles } from '../style-store.ts'
import { listLoras, toLoraAlias, toLoraName } from './loras.ts'
import { SCRIPT_LISTS } from './scripts.data.ts'
import { BUILT_IN_UPSCALERS, LATENT_UPSCALE_MODES } from './upscalers.data.ts'

/** Scale of upscalers that do not say their own. */
const DEFAULT_SCALE = 4

/** What each list route answers for a tenant. */
export const LISTS: Readonly<
  Record<string, (deps: GatewayDeps, tenant: string) => ExactValue | Promise<ExactValue>>
> = {
  samplers: () =>
    WEBUI_SAMPLERS.map(({ name, aliases, options }) => toExact({ name, aliases, options } as PlainValue)),
  schedulers: () =>
    WEBUI_SCHEDULES.map((schedule) => {
      const listed = toExact({ ...schedule }) as ExactObject
      return listed.set('default_rho', schedule.default_rho)
    }),
  upscalers: () => BUILT_IN_UPSCALERS.map(toUpscaler),
  'latent-upscale-modes': () => LATENT_UPSCALE_MODES.map((name) => toExact({ name })),
  'sd-models': ({ models }) => listCheckpoints(models).map(toCheckpoint),
  'sd-vae': ({ models }) =>
    usable(models.list(ModelKind.MODEL_KIND_VAE)).map(({ name, path }) =>
      toExact({ model_name: name.split('/').at(-1) ?? name, filename: path }),
    ),
  hypernetworks: () => [],
  'face-restorers': () => ['CodeFormer', 'GFPGAN'].map((name) => toExact({ name, cmd_dir: null })),
  'realesrgan-models': () => [],
  'prompt-styles': async ({ store }, tenant) =>
    (await readStyles(store.documents, tenant)).map(({ name, prompt, negativePrompt }) =>
      toExact({ name, prompt, negative_prompt: negativePrompt }),
    ),
  embeddings: ({ models }) => toEmbeddings(usable(models.list(ModelKind.MODEL_KIND_EMBEDDING))),
  loras: ({ models }) => listLoras(models).map(toLora),
  scripts: () => toExact(SCRIPT_LISTS as unknown as PlainValue),
  'script-info': () => [],
  extensions: () => [],
}

function usable(files: readonly ModelFile[]): ModelFile[] {
  return files.filter(({ unusableReason }) => unusableReason === '')
}

function toCheckpoint(file: ModelFile): ExactValue {
  return toExact({
    title: toTitle(file),
    model_name: toModelName(file),
    hash: toShortHash(file) ?? null,
    sha256: file.sha256 === '' ? null : file.sha256,
    filename: file.path,
    config: null,
  })
}

function toUpscaler(name: string): ExactValue {
  const listed = toExact({ name, model_name: null, model_path: null, model_url: null }) as ExactObject
  return listed.set('scale', DEFAULT_SCALE)
}

function toLora(file: ModelFile): ExactValue {
  const listed = toExact({ name: toLoraName(file), alias: toLoraAlias(file), path: file.path }) as ExactObject
  return listed.set(
    'metadata',
    new Map(Object.entries(file.metadata).map(([key, text]) => [key, parseMetadata(text)])),
  )
}

/** Trainers store records as JSON texts. */
function parseMetadata(text: string): ExactValue {
  if (!text.startsWith('{')) return text
  try {
    const parsed = parseExactJson(text)
    return isExactObject(parsed) ? parsed : text
  } catch {
    return text
  }
}

function toEmbeddings(files: readonly ModelFile[]): ExactValue {
  const entries = files.map((file): [string, ExactValue] => [
    toLoraName(file),
    toExact({
      step: null,
      sd_checkpoint: null,
      sd_checkpoint_name: null,
      shape: file.embeddingWidth,
      vectors: file.embeddingVectors,
    }),
  ])
  return new Map<string, ExactValue>([
    ['loaded', new Map(entries)],
    ['skipped', new Map()],
  ])
}
