import type { ModelBody, ModelList } from '@atelier/catalog/atelier-api'
import { signal, type ReadonlySignal } from '@preact/signals'
import type { Client } from '../api/client.ts'

/** A checkpoint the form can choose. */
export interface CheckpointChoice {
  /** What requests call it. */
  readonly name: string
  readonly hash: string
  readonly family: string
  /** The file's own title; empty: it has none. */
  readonly title: string
  /** The size it draws best, pixels; undefined: not told. */
  readonly size: Size | undefined
}

/** Width and height, pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** A LoRA file. */
export interface LoraChoice {
  readonly name: string
  readonly alias: string
}

/** What the form chooses from. */
export interface Lists {
  readonly checkpoints: readonly CheckpointChoice[]
  /** The one that is used when none is chosen; empty: there is none. */
  readonly usualCheckpoint: string
  readonly vaes: readonly string[]
  readonly samplers: readonly string[]
  readonly schedules: readonly string[]
  /** Of pictures. */
  readonly upscalers: readonly string[]
  /** Of latents, for the second pass. */
  readonly latentUpscalers: readonly string[]
  readonly loras: readonly LoraChoice[]
}

/** The lists, once they are here. */
export interface ListsStore {
  readonly lists: ReadonlySignal<Lists | undefined>
  load(): Promise<void>
}

interface ListedCheckpoint {
  readonly title: string
  readonly model_name: string
  readonly hash: string | null
}
type Named = readonly { readonly name: string }[]

/** Sizes that families were trained at, for files that do not tell theirs. */
const FAMILY_SIDES: Readonly<Record<string, number>> = {
  sd1: 512,
  sd2: 768,
  sdxl: 1024,
  'sdxl-refiner': 1024,
}

/** Makes the store of lists. */
export function createListsStore(client: Client): ListsStore {
  const lists = signal<Lists | undefined>(undefined)
  const get = <Body>(name: string) => client.getJson<Body>(`sdapi/v1/${name}`)
  return {
    lists,
    async load() {
      const [listed, models, options, vaes, samplers, schedules, upscalers, latent, loras] =
        await Promise.all([
          get<readonly ListedCheckpoint[]>('sd-models'),
          client.getJson<ModelList>('atelier/v1/models'),
          get<{ readonly sd_model_checkpoint?: string }>('options'),
          get<readonly { readonly model_name: string }[]>('sd-vae'),
          get<Named>('samplers'),
          get<readonly { readonly label: string }[]>('schedulers'),
          get<Named>('upscalers'),
          get<Named>('latent-upscale-modes'),
          get<readonly LoraChoice[]>('loras'),
        ])
      const checkpoints = listed.map((one) => toChoice(one, models.models))
      lists.value = {
        checkpoints,
        usualCheckpoint: findUsual(listed, options.sd_model_checkpoint ?? ''),
        vaes: vaes.map((one) => one.model_name),
        samplers: samplers.map(({ name }) => name),
        schedules: schedules.map(({ label }) => label),
        upscalers: upscalers.map(({ name }) => name).filter((name) => name !== 'None'),
        latentUpscalers: latent.map(({ name }) => name),
        loras,
      }
    },
  }
}

/** As the server chooses: what its options name, else the first that is not the bundled demo. */
function findUsual(listed: readonly ListedCheckpoint[], selected: string): string {
  const named = listed.find(({ title, model_name: name }) => title === selected || name === selected)
  const own = listed.find(({ model_name: name }) => name !== 'demo')
  return (named ?? own ?? listed[0])?.model_name ?? ''
}

function toChoice(
  { title, model_name: name, hash }: ListedCheckpoint,
  models: readonly ModelBody[],
): CheckpointChoice {
  const file = models.find((model) => title === model.name || title.startsWith(`${model.name} [`))
  return {
    name,
    hash: hash ?? '',
    family: file?.family ?? '',
    title: file?.title ?? '',
    size: parseSize(file?.resolution ?? '') ?? toFamilySize(file?.family ?? ''),
  }
}

function parseSize(text: string): Size | undefined {
  const match = /^(\d{2,4})x(\d{2,4})$/.exec(text)
  return match === null ? undefined : { width: Number(match[1]), height: Number(match[2]) }
}

function toFamilySize(family: string): Size | undefined {
  const side = FAMILY_SIDES[family]
  return side === undefined ? undefined : { width: side, height: side }
}
