import { isTinyVae, listTinyVaeFiles } from '@atelier/catalog'
import { formatExactJson, isExactObject, type ExactObject } from '@atelier/catalog/exact-json'
import { findNodeDefinition, type InputDefinition } from '@atelier/catalog/nodes'
import {
  ImageFormat,
  Job,
  ModelKind,
  PreviewMethod,
  Surface,
  type InputFile,
  type ModelRef,
  type PreviewSettings,
} from '@atelier/proto'
import type { GatewayConfig } from '../../config.ts'
import { toModelRef, type ModelIndex } from '../../models/model-index.ts'
import type { CheckedGraph } from '../graph/validate-graph.ts'
import { formatSurfaceNote, type SurfaceNote } from '../job-view.ts'
import { kindOfFolder } from '../info/model-folders.ts'

/** What a job is made from besides the graph; all of it decided before. */
export interface JobIngredients {
  readonly id: string
  readonly tenant: string
  readonly promptId: string
  readonly requestDigest: string
  readonly clientId: string
  readonly submittedAtMs: number
  readonly note: SurfaceNote
  readonly extraData: ExactObject
  readonly models: readonly ModelRef[]
  readonly inputFiles: readonly InputFile[]
  readonly preview: PreviewSettings
  /** Saved files do not say how they were made. */
  readonly omitMetadata: boolean
}

/** Makes the job of a checked graph. */
export function toJob(checked: CheckedGraph, ingredients: JobIngredients): Job {
  const { id, tenant, promptId, requestDigest, clientId, submittedAtMs, note, extraData } = ingredients
  const { models, inputFiles, preview, omitMetadata } = ingredients
  return Job.fromPartial({
    id,
    tenant,
    surface: Surface.SURFACE_COMFY,
    publicId: promptId,
    requestDigest,
    clientId,
    submittedAtMs,
    queueNumber: Number(note.number),
    models: [...models],
    preview,
    kind: {
      $case: 'nodeGraph',
      value: {
        graphJson: formatExactJson(checked.graph),
        outputNodeIds: [...checked.outputNodeIds],
        extraDataJson: formatExactJson(extraData),
        inputFiles: [...inputFiles],
        omitMetadata,
      },
    },
    surfaceNote: formatSurfaceNote(note),
  })
}

/** The model files a graph loads, pinned; checkpoints first, for the first one decides where the job goes. */
export function pinModels(checked: CheckedGraph, models: ModelIndex): ModelRef[] {
  const pinned = new Map<string, ModelRef>()
  for (const { input, value } of usedTexts(checked)) {
    for (const { kind, name } of namedModels(input, value)) {
      const file = models.find(kind, name)
      if (file !== undefined) pinned.set(`${kind}/${name}`, toModelRef(file))
    }
  }
  const isCheckpoint = ({ kind }: ModelRef) => DENOISER_KINDS.includes(kind)
  const refs = [...pinned.values()]
  return [...refs.filter(isCheckpoint), ...refs.filter((ref) => !isCheckpoint(ref))]
}

/** Kinds of files that hold a denoising network. */
const DENOISER_KINDS: readonly ModelKind[] = [
  ModelKind.MODEL_KIND_CHECKPOINT,
  ModelKind.MODEL_KIND_DIFFUSERS_FOLDER,
  ModelKind.MODEL_KIND_DENOISER,
]

/** Extensions an embedding's name is tried with, in this order. */
const EMBEDDING_EXTENSIONS = ['', '.safetensors', '.pt', '.bin']

function namedModels(input: InputDefinition, value: string): { kind: ModelKind; name: string }[] {
  if (typeof input.type === 'object' && 'choicesFrom' in input.type) {
    const kind = kindOfFolder(input.type.choicesFrom)
    if (kind === ModelKind.MODEL_KIND_VAE && isTinyVae(value)) return namedTinyVae(value)
    return kind === undefined ? [] : [{ kind, name: value }]
  }
  if (input.type !== 'STRING') return []
  const kind = ModelKind.MODEL_KIND_EMBEDDING
  const names = [...value.matchAll(/embedding:([^\s,():]+)/g)].map((match) => match[1] ?? '')
  return names.flatMap((name) => EMBEDDING_EXTENSIONS.map((extension) => ({ kind, name: name + extension })))
}

/** The two files of a tiny autoencoder, of whatever form. */
function namedTinyVae(name: string): { kind: ModelKind; name: string }[] {
  const files = (['encoder', 'decoder'] as const).flatMap((half) => listTinyVaeFiles(name, half))
  return files.map((file) => ({ kind: ModelKind.MODEL_KIND_TINY_VAE, name: file }))
}

/** File references of all nodes: what is kept of those that will not run this time is known by its file too. */
export function listFileReferences({ graph }: Pick<CheckedGraph, 'graph'>): string[] {
  const texts = [...graph.values()].flatMap((node) => (isExactObject(node) ? textsOf(node) : []))
  return [...new Set(texts.filter(({ isFile }) => isFile).map(({ value }) => value))]
}

interface UsedText {
  readonly input: InputDefinition
  readonly value: string
  readonly isFile: boolean
}

function usedTexts(checked: CheckedGraph): UsedText[] {
  return checked.usedNodeIds.flatMap((nodeId) => textsOf(checked.graph.get(nodeId) as ExactObject))
}

/** The declared inputs of a node that hold a text. */
function textsOf(node: ExactObject): UsedText[] {
  const className = node.get('class_type')
  const definition = typeof className === 'string' ? findNodeDefinition(className) : undefined
  const inputs = node.get('inputs')
  if (definition === undefined || !isExactObject(inputs)) return []
  const declared = { ...definition.inputs.required, ...definition.inputs.optional }
  return Object.entries(declared).flatMap(([name, input]) => {
    const value = inputs.get(name)
    return typeof value === 'string'
      ? [{ input, value, isFile: definition.checks?.[name] !== undefined }]
      : []
  })
}

const METHODS: Readonly<Record<string, PreviewMethod>> = {
  auto: PreviewMethod.PREVIEW_METHOD_LATENT_TO_RGB,
  latent2rgb: PreviewMethod.PREVIEW_METHOD_LATENT_TO_RGB,
  taesd: PreviewMethod.PREVIEW_METHOD_TINY,
}

/** The live previews of a prompt: what its extra_data wishes (`preview_method`), else what the gateway is set to. */
export function choosePreview(extraData: ExactObject, config: GatewayConfig): PreviewSettings {
  const wish = extraData.get('preview_method')
  const isWish = typeof wish === 'string' && (wish === 'none' || Object.hasOwn(METHODS, wish))
  const method = METHODS[isWish ? wish : config.ATELIER_PREVIEW_METHOD]
  return {
    method: method ?? PreviewMethod.PREVIEW_METHOD_UNSPECIFIED,
    everySteps: method === undefined ? 0 : 1,
    longestSide: config.ATELIER_PREVIEW_SIZE,
    format: ImageFormat.IMAGE_FORMAT_JPEG,
    // The first image alone.
    ...{ gridRows: 0, gridBackground: 0 },
  }
}
