import { toEmbeddingName, WEBUI_SAMPLERS, WEBUI_SCHEDULES } from '@atelier/catalog'
import {
  isExactObject,
  parseExactJson,
  toExact,
  type ExactObject,
  type ExactValue,
} from '@atelier/catalog/exact-json'
import { ModelKind, type ModelFile } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import type { ModelIndex } from '../../models/model-index.ts'
import { listEmbeddings } from './embeddings.ts'
import { optionText, readOptions } from '../options/options-store.ts'
import {
  listCheckpoints,
  selectCheckpoint,
  toModelName,
  toShortHash,
  toTitle,
} from '../generation/resolve-checkpoint.ts'
import { toVaeName } from '../generation/resolve-vae.ts'
import { readStyles } from '../style-file.ts'
import { listUsable } from './list-usable.ts'
import { listHypernetworks, toHypernetworkName } from './hypernetworks.ts'
import { listLoras, toLoraAlias, toLoraName } from './loras.ts'
import { listScriptInfo } from './script-info.ts'
import { SCRIPT_LISTS } from './scripts.data.ts'
import { LATENT_UPSCALE_MODES } from './upscalers.data.ts'
import { listUpscalers, type ListedUpscaler } from './upscalers.ts'

/** Scale of upscalers that do not say their own. */
const DEFAULT_SCALE = 4

/** What each list route answers for a tenant. */
export const LISTS: Readonly<
  Record<string, (deps: GatewayDeps, tenant: string) => ExactValue | Promise<ExactValue>>
> = {
  samplers: () => WEBUI_SAMPLERS.map(({ name, aliases, options }) => toExact({ name, aliases, options })),
  schedulers: () =>
    WEBUI_SCHEDULES.map((schedule) => {
      const listed = toExact({ ...schedule }) as ExactObject
      return listed.set('default_rho', schedule.default_rho)
    }),
  upscalers: ({ models }) => listUpscalers(models).map(toUpscaler),
  'latent-upscale-modes': () => LATENT_UPSCALE_MODES.map((name) => toExact({ name })),
  'sd-models': ({ models }) => listCheckpoints(models).map(toCheckpoint),
  'sd-vae': ({ models }) => listUsable(models, ModelKind.MODEL_KIND_VAE).map(toModule),
  // Forge's name for the same and text encoders; clients ask for whichever answers.
  'sd-modules': ({ models }) =>
    [ModelKind.MODEL_KIND_VAE, ModelKind.MODEL_KIND_TEXT_ENCODER]
      .flatMap((kind) => listUsable(models, kind))
      .map(toModule),
  hypernetworks: ({ models }) =>
    listHypernetworks(models).map((file) => toExact({ name: toHypernetworkName(file), path: file.path })),
  'face-restorers': () => ['CodeFormer', 'GFPGAN'].map((name) => toExact({ name, cmd_dir: null })),
  'realesrgan-models': () => [],
  'prompt-styles': async ({ config }) =>
    (await readStyles(config)).map(({ name, prompt, negativePrompt }) =>
      toExact({ name, prompt, negative_prompt: negativePrompt }),
    ),
  embeddings: async ({ models, store }, tenant) => {
    const options = await readOptions(store.documents, tenant)
    return toEmbeddings(models, selectCheckpoint(models, optionText(options, 'sd_model_checkpoint')))
  },
  loras: ({ models }) => listLoras(models).map(toLora),
  scripts: () => toExact(SCRIPT_LISTS),
  'script-info': ({ models }) => listScriptInfo(models),
  extensions: () => [],
}

function toModule(file: ModelFile): ExactValue {
  return toExact({ model_name: toVaeName(file), filename: file.path })
}

function toCheckpoint(file: ModelFile): ExactValue {
  return toExact({
    title: toTitle(file),
    model_name: toModelName(file),
    hash: toShortHash(file) ?? null,
    sha256: file.sha256 === '' ? null : file.sha256,
    filename: file.path,
    config: file.configPath === '' ? null : file.configPath,
  })
}

function toUpscaler({ name, file }: ListedUpscaler): ExactValue {
  const modelName = file === undefined ? null : file.family === 'swinir' ? 'SwinIR 4x' : 'ESRGAN_4x'
  const path = file?.path ?? null
  const listed = toExact({ name, model_name: modelName, model_path: path, model_url: null }) as ExactObject
  return listed.set('scale', DEFAULT_SCALE)
}

/** Metadata that comes first, in this order. */
const FIRST_METADATA = [
  'ss_sd_model_name',
  'ss_resolution',
  'ss_clip_skip',
  'ss_num_train_images',
  'ss_tag_frequency',
]

function toLora(file: ModelFile): ExactValue {
  const listed = toExact({ name: toLoraName(file), alias: toLoraAlias(file), path: file.path }) as ExactObject
  const keys = Object.keys(file.metadata)
  const ordered = [
    ...FIRST_METADATA.filter((key) => keys.includes(key)),
    ...keys.filter((key) => !FIRST_METADATA.includes(key)),
  ]
  return listed.set('metadata', new Map(ordered.map((key) => [key, parseMetadata(file.metadata[key] ?? '')])))
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

function toEmbeddings(models: ModelIndex, checkpoint: ModelFile | undefined): ExactValue {
  const { loaded, skipped } = listEmbeddings(models, checkpoint)
  return new Map<string, ExactValue>([
    ['loaded', new Map(loaded.map(toEmbedding))],
    ['skipped', new Map(skipped.map(toEmbedding))],
  ])
}

/** Training facts are there for files of formats that hold them. */
function toEmbedding(file: ModelFile): [string, ExactValue] {
  const { step, sd_checkpoint: checkpoint, sd_checkpoint_name: checkpointName } = file.metadata
  const facts = {
    step: step !== undefined && /^\d+$/.test(step) ? Number(step) : null,
    sd_checkpoint: checkpoint ?? null,
    sd_checkpoint_name: checkpointName ?? null,
    shape: file.embeddingWidth,
    vectors: file.embeddingVectors,
  }
  return [toEmbeddingName(file), toExact(facts)]
}
