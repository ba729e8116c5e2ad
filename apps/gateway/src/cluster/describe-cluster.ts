import type { MODEL_KIND_NAMES, ModelBody, WorkerBody } from '@atelier/catalog/atelier-api'
import { ModelKind, type ModelFile, type WorkerDescription } from '@atelier/proto'
import type { ModelIndex } from '../models/model-index.ts'

/** What the kinds of model files are called in bodies. */
const KIND_NAMES: Readonly<Partial<Record<ModelKind, (typeof MODEL_KIND_NAMES)[number]>>> = {
  [ModelKind.MODEL_KIND_CHECKPOINT]: 'checkpoint',
  [ModelKind.MODEL_KIND_VAE]: 'vae',
  [ModelKind.MODEL_KIND_LORA]: 'lora',
  [ModelKind.MODEL_KIND_EMBEDDING]: 'embedding',
  [ModelKind.MODEL_KIND_CONTROL_NET]: 'control-net',
  [ModelKind.MODEL_KIND_UPSCALER]: 'upscaler',
  [ModelKind.MODEL_KIND_TEXT_ENCODER]: 'text-encoder',
  [ModelKind.MODEL_KIND_DENOISER]: 'denoiser',
  [ModelKind.MODEL_KIND_TINY_VAE]: 'tiny-vae',
  [ModelKind.MODEL_KIND_CLIP_VISION]: 'clip-vision',
  [ModelKind.MODEL_KIND_STYLE_MODEL]: 'style-model',
  [ModelKind.MODEL_KIND_GLIGEN]: 'gligen',
  [ModelKind.MODEL_KIND_HYPERNETWORK]: 'hypernetwork',
  [ModelKind.MODEL_KIND_PHOTOMAKER]: 'photomaker',
  [ModelKind.MODEL_KIND_DIFFUSERS_FOLDER]: 'diffusers-folder',
  [ModelKind.MODEL_KIND_PREPROCESSOR]: 'preprocessor',
}

/** A worker as a body tells it. */
export function describeWorker(worker: WorkerDescription): WorkerBody {
  const { id, version, draining, ready, device, models } = worker
  const resident = new Set(worker.residentIdentities)
  const loaded = models.filter(({ identity }) => resident.has(identity)).map(({ name }) => name)
  const unusable = models.filter(({ unusableReason }) => unusableReason !== '').length
  return {
    ...{ id, version, state: draining ? 'draining' : ready ? 'ready' : 'starting' },
    started_at_ms: worker.startedAtMs,
    device: {
      name: device?.name ?? '',
      title: device?.title ?? '',
      memory_total_bytes: device?.memoryTotalBytes ?? 0,
      memory_free_bytes: device?.memoryFreeBytes ?? 0,
      host_total_bytes: device?.hostTotalBytes ?? 0,
      host_free_bytes: device?.hostFreeBytes ?? 0,
    },
    slots: worker.slots,
    running: worker.jobIds.length,
    loaded: [...new Set(loaded)].sort(),
    models: models.length - unusable,
    unusable_models: unusable,
    engine_restarts: worker.engineRestarts,
  }
}

/** Every model file of living workers, by kind and name; a file that differs between workers is there for each. */
export function describeModels(models: ModelIndex): ModelBody[] {
  const kinds = Object.keys(KIND_NAMES).map(Number) as ModelKind[]
  const places = findPlaces(models.workers())
  return kinds.flatMap((kind) => models.list(kind).map((file) => describeModel(file, places)))
}

interface Place {
  readonly workers: string[]
  readonly loadedOn: string[]
}

/** Where each file is, by what tells files apart. */
function findPlaces(workers: readonly WorkerDescription[]): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>()
  for (const { id, models, residentIdentities } of workers) {
    const resident = new Set(residentIdentities)
    for (const file of models) {
      const place = places.get(toKey(file)) ?? { workers: [], loadedOn: [] }
      places.set(toKey(file), place)
      place.workers.push(id)
      if (resident.has(file.identity)) place.loadedOn.push(id)
    }
  }
  return places
}

function toKey({ kind, name, identity }: ModelFile): string {
  return `${kind}\u0000${name}\u0000${identity}`
}

function describeModel(file: ModelFile, places: ReadonlyMap<string, Place>): ModelBody {
  const { workers = [], loadedOn = [] } = places.get(toKey(file)) ?? {}
  return {
    kind: KIND_NAMES[file.kind] ?? 'checkpoint',
    name: file.name,
    family: file.family,
    title: file.metadata['modelspec.title'] ?? '',
    resolution: file.metadata['modelspec.resolution'] ?? '',
    size_bytes: file.sizeBytes,
    modified_at_ms: Math.max(file.modifiedAtMs, 0),
    sha256: file.sha256,
    unusable_reason: file.unusableReason,
    workers,
    loaded_on: loadedOn,
  }
}
