import { existsSync } from 'node:fs'
import type { ModelFamily } from '@atelier/catalog'
import type { ModelFile, ModelKind, ModelRef } from '@atelier/proto'
import { detectModel } from '../checkpoint/detect-model.ts'
import { readModel } from '../checkpoint/read-model.ts'
import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { loadControl, type ControlNetwork } from '../control/control-network.ts'
import { openPreprocessNetwork, type PreprocessNetwork } from '../control/preprocess/preprocess-network.ts'
import type { BaseWeights } from '../networks/control/composed-weights.ts'
import { compositionOf } from '../networks/control/detect-control.ts'
import type { SessionOptions } from '../onnx/session.ts'
import { findPreviewFile, type PreviewKind } from '../preview/find-preview-file.ts'
import { loadPreviewNetwork, type PreviewNetwork } from '../preview/preview-network.ts'
import type { TextEncoder } from '../text-encode/text-encoder.ts'
import { tileWhereLarge } from '../tiling/auto-tiles.ts'
import { loadUpscaler, type UpscaleNetwork } from '../upscale/upscale-network.ts'
import { partsOfTexts } from './adaptable-parts.ts'
import { DerivedModels, type AdapterSet } from './derived-models.ts'
import { KnownFiles } from './known-files.ts'
import { latentFormatOf, type LatentFormat } from './latent-format.ts'
import { loadVaeFile } from './load-model.ts'
import { loadTextEncoders, openTextFiles } from './load-text-encoders.ts'
import { loadTinyDecoder, loadTinyEncoder, loadTinyVae } from './load-tiny-vae.ts'
import { withValue } from './loaded.ts'
import type { LoadedVae } from './loaded-model.ts'
import { openVaeWeights, openWeights, type OpenedWeights, type WeightsRef } from './open-weights.ts'
import { Residency, type Use } from './residency.ts'
import { loadPhotoMaker, type PhotoMaker } from '../vision/load-photo-maker.ts'
import { loadStyle, type StyleAdapter } from '../vision/load-style.ts'
import { loadVision, type VisionEncoder } from '../vision/load-vision.ts'
import { useCheckpoint, type EvaluationOptions, type UsableCheckpoint } from './use-checkpoint.ts'

/** Text encoders in files of their own, in use. */
export interface UsableTexts {
  readonly textEncoders: readonly TextEncoder[]
  /** What of their adapters did not act, and why. */
  readonly remarks: readonly string[]
}

/** What a model store is opened with. */
export interface ModelStoreOptions extends EvaluationOptions {
  readonly session: Omit<SessionOptions, 'isAllowedFile'>
  readonly budgetBytes: number
  /** ControlNets are computed in one graph with the UNets they guide, so that what they add never leaves the device. */
  readonly joinsControls?: boolean
  /** Pixels that an autoencoder decodes whole at most; larger pictures are cut into tiles. */
  readonly maxWholePixels?: number
  /** Hears the identities of what is loaded after each change. */
  readonly onResidentsChanged: (identities: readonly string[]) => void
}

/**
 * Share of the budget that a ControlNet may take to be joined. Together with its UNet it takes 3.4 times as much, and each
 * pair has the UNet once more; where not even three fit, it is called by itself.
 */
const JOINED_SHARE = 0.1

const WHY_TILED = { size: 'it is larger than what is decoded whole', memory: 'memory ran out' }

/** Owns the model files the engine may open and what of them is loaded. */
export class ModelStore {
  readonly #options: ModelStoreOptions
  readonly #residency: Residency
  readonly #derived = new DerivedModels((ref) => this.#files.resolve(ref))
  readonly #files = new KnownFiles()

  constructor(options: ModelStoreOptions) {
    this.#options = options
    this.#residency = new Residency(options.budgetBytes, (keys) => options.onResidentsChanged(keys))
  }

  /** Takes the list of files that may be opened, in place of the one before. */
  setFiles(files: readonly ModelFile[]): void {
    this.#files.set(files)
  }

  /**
   * Uses a checkpoint, changed by adapters where there are any; say `done()` when the job no longer needs it. Each set of
   * adapters has a denoiser and text encoders of its own where it changes those, and a batcher with them.
   */
  async useCheckpoint(ref: ModelRef | undefined, adapters?: AdapterSet): Promise<Use<UsableCheckpoint>> {
    const use = await useCheckpoint(this.resolve(ref), adapters, {
      residency: this.#residency,
      derived: this.#derived,
      session: this.#session(),
      evaluation: this.#options,
    })
    const { vae } = use.value
    return { ...use, value: { ...use.value, ...(vae && { vae: this.#tileWhereLarge(vae) }) } }
  }

  /** Uses a separate autoencoder. */
  async useVae(ref: ModelRef): Promise<Use<LoadedVae>> {
    const file = this.resolve(ref)
    return this.#residency.use(file.identity, () => {
      const loaded = loadVaeFile(file.path, this.#session())
      return withValue(loaded, this.#tileWhereLarge(loaded.value))
    })
  }

  /** Uses text encoder files: one, or the two of SDXL, changed by adapters where there are any. */
  async useTextEncoders(refs: readonly ModelRef[], adapters?: AdapterSet): Promise<Use<UsableTexts>> {
    const files = refs.map((ref) => this.resolve(ref))
    const opened = openTextFiles(files.map(({ path }) => path))
    const identity = files.map((file) => file.identity).join(' with ')
    const parts = partsOfTexts(opened, files.map(({ name }) => name).join(' and '))
    const derived = adapters?.refs.length ? this.#derived.find(parts, identity, adapters) : undefined
    const changes = derived?.textsKey === undefined ? undefined : derived.derivation
    const use = await this.#residency.use(derived?.textsKey ?? identity, () =>
      loadTextEncoders(opened, this.#session(), changes),
    )
    const remarks = [...(derived?.derivation.remarks.values() ?? [])].flat()
    return { value: { textEncoders: use.value, remarks }, done: () => use.done() }
  }

  /** The weights a MODEL or CLIP stands for, in their files, and what changes them: to be saved. */
  openWeights(ref: WeightsRef): OpenedWeights {
    return openWeights(ref, this.#files, { derived: this.#derived, session: this.#session() })
  }

  /** The autoencoder's weights of a file of its own or of a checkpoint, in their file. */
  openVae(ref: ModelRef): ReturnType<typeof openVaeWeights> {
    return openVaeWeights(ref, this.#files)
  }

  /** Uses the picture encoder of a file of its own, or of an unCLIP checkpoint. */
  async useVision(ref: ModelRef): Promise<Use<VisionEncoder>> {
    const file = this.resolve(ref)
    return this.#residency.use(`pictures ${file.identity}`, () => loadVision(file.path, this.#session()))
  }

  /** Uses a style adapter. */
  async useStyle(ref: ModelRef): Promise<Use<StyleAdapter>> {
    const file = this.resolve(ref)
    return this.#residency.use(file.identity, () => loadStyle(file.path, this.#session()))
  }

  /** Uses a PhotoMaker model. */
  async usePhotoMaker(ref: ModelRef): Promise<Use<PhotoMaker>> {
    const file = this.resolve(ref)
    return this.#residency.use(file.identity, () => loadPhotoMaker(file.path, this.#session()))
  }

  /** Uses an upscaler network. */
  async useUpscaler(ref: ModelRef): Promise<Use<UpscaleNetwork>> {
    const file = this.resolve(ref)
    return this.#residency.use(file.identity, () => loadUpscaler(file.path, this.#session()))
  }

  /** Uses the network of a preprocessor. */
  async usePreprocessor(ref: ModelRef): Promise<Use<PreprocessNetwork>> {
    const file = this.resolve(ref)
    return this.#residency.use(file.identity, () => openPreprocessNetwork(file.path, this.#session()))
  }

  /** Uses the network that previews a family's latents; undefined when its file is not there. */
  async usePreviewNetwork(kind: PreviewKind, family: ModelFamily): Promise<Use<PreviewNetwork> | undefined> {
    const file = findPreviewFile(this.#files.all, kind, family)
    if (file === undefined || !existsSync(file.path)) return undefined
    return this.#residency.use(`preview ${file.identity}`, () =>
      loadPreviewNetwork(file.path, kind, this.#session()),
    )
  }

  /** Uses a tiny autoencoder in place of a whole one, by the beginning of its two files' names ("taesd", "taesdxl"). */
  async useTinyVae(name: string): Promise<Use<LoadedVae>> {
    const { encoder, decoder } = this.#files.findTinyVae(name)
    const { factor } = latentFormatOf(name.startsWith('taesdxl') ? 'sdxl' : 'sd1', 'epsilon')
    return this.#residency.use(`${encoder.identity} and ${decoder.identity}`, () =>
      loadTinyVae({ encoder: encoder.path, decoder: decoder.path }, factor, this.#session()),
    )
  }

  /** Uses the half of a tiny autoencoder that encodes pictures to a family's latents. */
  async useTinyEncoder(ref: ModelRef, { factor }: LatentFormat): Promise<Use<LoadedVae['encode']>> {
    const file = this.resolve(ref)
    return this.#residency.use(`encoder ${file.identity} for ${factor}`, () =>
      loadTinyEncoder(file.path, factor, this.#session()),
    )
  }

  /** Uses the half of a tiny autoencoder that decodes them. */
  async useTinyDecoder(ref: ModelRef, { factor }: LatentFormat): Promise<Use<LoadedVae['decode']>> {
    const file = this.resolve(ref)
    return this.#residency.use(`decoder ${file.identity} for ${factor}`, () =>
      loadTinyDecoder(file.path, factor, this.#session()),
    )
  }

  /** Uses a ControlNet or adapter; one made of differences is put together with the checkpoint it is used with. */
  async useControl(ref: ModelRef, checkpoint: ModelRef | undefined): Promise<Use<ControlNetwork>> {
    const { joinsControls = false, budgetBytes } = this.#options
    const file = this.resolve(ref)
    const isWhole = compositionOf(readWeightFile(file.path)) === 'whole'
    const base = isWhole || checkpoint === undefined ? undefined : this.resolve(checkpoint)
    const key = base === undefined ? file.identity : `${file.identity} on ${base.identity}`
    return this.#residency.use(key, () =>
      loadControl(file.path, file.name, {
        ...{ ...this.#session(), base: base && openBase(base.path) },
        ...(joinsControls && { joined: { key, limitBytes: budgetBytes * JOINED_SHARE } }),
      }),
    )
  }

  /**
   * The file a job pinned.
   * @throws EngineError `not-found`, or `model-changed` when the file is another one by now
   */
  resolve(ref: ModelRef | undefined): ModelFile {
    return this.#files.resolve(ref)
  }

  /** The file of that kind and name, or undefined. */
  find(kind: ModelKind, name: string): ModelFile | undefined {
    return this.#files.find(kind, name)
  }

  /** Lets everything go that no job uses. */
  async clear(): Promise<void> {
    await this.#residency.clear()
  }

  #tileWhereLarge(vae: LoadedVae): LoadedVae {
    const { maxWholePixels = Infinity, log } = this.#options
    return tileWhereLarge(vae, {
      maxWholePixels,
      onTiled: (what, pixels, why) =>
        log?.(`${what} a picture in tiles: ${WHY_TILED[why]}`, { pixels, maxWholePixels }),
      makeRoom: () => this.#residency.makeRoom('resting'),
    })
  }

  #session(): SessionOptions {
    return {
      ...this.#options.session,
      isAllowedFile: (path) => this.#files.isAllowed(path),
      makeRoom: () => this.#residency.makeRoom('unused'),
    }
  }
}

function openBase(path: string): BaseWeights {
  const file = readModel(path)
  return { file, prefix: detectModel(file).unet.prefix }
}
