import type { LoraRef, ModelRef } from '@atelier/proto'
import type { ControlNetwork } from '../control/control-network.ts'
import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { readHypernetwork, type Hypernetwork } from '../networks/patches/hypernetwork.ts'
import type { PreprocessNetwork } from '../control/preprocess/preprocess-network.ts'
import type { AdapterSet } from '../models/derived-models.ts'
import type { LatentFormat } from '../models/latent-format.ts'
import type { LoadedVae } from '../models/loaded-model.ts'
import type { ModelStore } from '../models/model-store.ts'
import type { UsableCheckpoint } from '../models/use-checkpoint.ts'
import type { PreviewNetwork } from '../preview/preview-network.ts'
import type { Use } from '../models/residency.ts'
import type { UpscaleNetwork } from '../upscale/upscale-network.ts'

/** The models one job uses, each taken once and kept until the job ends. */
export class HeldModels {
  readonly #store: ModelStore
  readonly #remarks = new Set<string>()
  readonly #uses = new Map<string, Use<unknown>>()

  constructor(store: ModelStore) {
    this.#store = store
  }

  /** Uses a checkpoint, changed by LoRAs where there are any. */
  async checkpoint(ref: ModelRef | undefined, loras: readonly LoraRef[] = []): Promise<UsableCheckpoint> {
    const names = loras.map(
      ({ file, denoiserStrength, textStrength, rankLimit }) =>
        `${file?.name} ${file?.identity} ${denoiserStrength} ${textStrength} ${rankLimit}`,
    )
    const key = `checkpoint ${ref?.name} ${ref?.identity} ${names.join(' + ')}`
    const adapters: AdapterSet = { flavour: 'webui', refs: loras }
    const checkpoint = await this.#hold(key, () => this.#store.useCheckpoint(ref, adapters))
    for (const remark of checkpoint.remarks) this.#remarks.add(remark)
    return checkpoint
  }

  /** A hypernetwork's layers; undefined, and told in the remarks, where the file is of an unknown kind. */
  hypernetwork(ref: ModelRef): Hypernetwork | undefined {
    const read = readHypernetwork(readWeightFile(this.#store.resolve(ref).path), 'webui')
    if (!('fault' in read)) return read
    this.#remarks.add(`the hypernetwork ${ref.name} does not act: ${read.fault}`)
    return undefined
  }

  /** What of the LoRAs and hypernetworks did not act, and why. */
  get remarks(): readonly string[] {
    return [...this.#remarks]
  }

  /** Uses a separate autoencoder. */
  vae(ref: ModelRef): Promise<LoadedVae> {
    return this.#hold(`vae ${ref.name} ${ref.identity}`, () => this.#store.useVae(ref))
  }

  /** Uses the half of a tiny autoencoder that encodes pictures to a family's latents. */
  tinyEncoder(ref: ModelRef, format: LatentFormat): Promise<LoadedVae['encode']> {
    const key = `tiny encoder ${ref.name} ${ref.identity} ${format.factor}`
    return this.#hold(key, () => this.#store.useTinyEncoder(ref, format))
  }

  /** Uses the half of a tiny autoencoder that decodes them. */
  tinyDecoder(ref: ModelRef, format: LatentFormat): Promise<LoadedVae['decode']> {
    const key = `tiny decoder ${ref.name} ${ref.identity} ${format.factor}`
    return this.#hold(key, () => this.#store.useTinyDecoder(ref, format))
  }

  /** Uses an upscaler network. */
  upscaler(ref: ModelRef): Promise<UpscaleNetwork> {
    return this.#hold(`upscaler ${ref.name} ${ref.identity}`, () => this.#store.useUpscaler(ref))
  }

  /** Uses the network of a preprocessor. */
  preprocessor(ref: ModelRef): Promise<PreprocessNetwork> {
    return this.#hold(`preprocessor ${ref.name} ${ref.identity}`, () => this.#store.usePreprocessor(ref))
  }

  /** Uses a ControlNet or adapter, put together with a checkpoint where it needs one. */
  control(ref: ModelRef, checkpoint: ModelRef | undefined): Promise<ControlNetwork> {
    const key = `control ${ref.name} ${ref.identity} ${checkpoint?.name} ${checkpoint?.identity}`
    return this.#hold(key, () => this.#store.useControl(ref, checkpoint))
  }

  /** Uses the network that previews a family's latents, for one picture. */
  usePreviewNetwork(
    ...wish: Parameters<ModelStore['usePreviewNetwork']>
  ): Promise<Use<PreviewNetwork> | undefined> {
    return this.#store.usePreviewNetwork(...wish)
  }

  /** Lets all of them go. */
  release(): void {
    for (const use of this.#uses.values()) use.done()
    this.#uses.clear()
  }

  async #hold<T>(key: string, take: () => Promise<Use<T>>): Promise<T> {
    const held = this.#uses.get(key) as Use<T> | undefined
    if (held !== undefined) return held.value
    const use = await take()
    this.#uses.set(key, use)
    return use.value
  }
}
