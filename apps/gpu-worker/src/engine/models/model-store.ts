import { openPreprocessNetwork, type PreprocessNetwork } from '../control/preprocess/preprocess-network.ts'
import { existsSync } from 'node:fs'
import type { ModelFamily } from '@atelier/catalog'
import { ModelKind, type ModelFile, type ModelRef } from '@atelier/proto'
import { Batcher, type BatcherOptions } from '../batching/batcher.ts'
import type { RowCurves } from '../batching/row-curves.ts'
import { surviveMemory } from '../batching/survive-memory.ts'
import { timeEvaluations, type EvaluationListener } from '../batching/time-evaluations.ts'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import { EngineError } from '../engine-error.ts'
import type { SessionOptions } from '../onnx/session.ts'
import { partsOfCheckpoint, partsOfTexts } from './adaptable-parts.ts'
import { roundDenoiser, openCheckpoint, type CheckpointSource } from './checkpoint-source.ts'
import { DerivedModels, type AdapterSet } from './derived-models.ts'
import type { AdapterRef } from './adapter-refs.ts'
import { loadDenoiser } from './load-denoiser.ts'
import { loadBase, loadVaeFile } from './load-model.ts'
import type { Loaded } from './loaded.ts'
import { loadChangedTexts } from './load-texts.ts'
import { loadTextEncoders, openTextFiles, type OpenedText } from './load-text-encoders.ts'
import { openParts } from './open-parts.ts'
import { computeWeight } from './compute-weight.ts'
import type { ComputeWeight } from './saved-weights.ts'
import type { Derivation } from '../adapters/derive-weights.ts'
import { openVaeFile } from '../checkpoint/separate-files.ts'
import { latentFormatOf } from './latent-format.ts'
import { loadTinyVae } from './load-tiny-vae.ts'
import type { LoadedModel, LoadedVae } from './loaded-model.ts'
import { readModel } from '../checkpoint/read-model.ts'
import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { detectModel } from '../checkpoint/detect-model.ts'
import { loadControl, type ControlNetwork } from '../control/control-network.ts'
import type { BaseWeights } from '../networks/control/composed-weights.ts'
import { compositionOf } from '../networks/control/detect-control.ts'
import { findPreviewFile } from '../preview/find-preview-file.ts'
import { loadPreviewNetwork, type PreviewKind, type PreviewNetwork } from '../preview/preview-network.ts'
import { tileWhereLarge } from '../tiling/auto-tiles.ts'
import type { TextEncoder } from '../text-encode/text-encoder.ts'
import { loadUpscaler, type UpscaleNetwork } from '../upscale/upscale-network.ts'
import { refuseNaN } from './refuse-nan.ts'
import { Residency, type Use } from './residency.ts'
import { Uses } from './uses.ts'

/** A checkpoint in use: its networks, evaluations joined by a batcher. */
export interface UsableCheckpoint {
  readonly model: LoadedModel
  readonly vae?: LoadedVae
  /** What of its adapters did not act, and why. */
  readonly remarks: readonly string[]
}

/** What a MODEL or CLIP stands for. */
export interface WeightsRef {
  readonly checkpoint: ModelRef
  readonly companion?: ModelRef
  readonly adapters?: readonly AdapterRef[]
}

/** Weights in their files, and what changes them. */
export interface OpenedWeights {
  readonly denoiser?: CheckpointSource
  readonly texts: readonly OpenedText[]
  readonly derivation: Derivation | undefined
  readonly compute: ComputeWeight
}

/** Text encoders in files of their own, in use. */
export interface UsableTexts {
  readonly textEncoders: readonly TextEncoder[]
  /** What of their adapters did not act, and why. */
  readonly remarks: readonly string[]
}

/** What a model store is opened with. */
export interface ModelStoreOptions {
  readonly session: Omit<SessionOptions, 'isAllowedFile'>
  readonly budgetBytes: number
  /** Latent elements joined into one evaluation at most. */
  readonly maxBatchElements: number
  /** Calls have few numbers of rows (Batcher). */
  readonly fillsBuckets?: boolean
  /** How long calls took before this process was started. */
  readonly rowCurves?: RowCurves
  /** Pixels that an autoencoder decodes whole at most; larger pictures are cut into tiles. */
  readonly maxWholePixels?: number
  /** Hears what an operator wants to know. */
  readonly log?: (message: string, fields: Readonly<Record<string, unknown>>) => void
  /** The clock by which batchers measure calls, milliseconds. */
  readonly now?: () => number
  /** Hears how long an evaluation of a denoising network took, seconds, and how many rows it had. */
  readonly onEvaluated?: EvaluationListener
  /** Hears the identities of what is loaded after each change. */
  readonly onResidentsChanged: (identities: readonly string[]) => void
}

const WHY_TILED = { size: 'it is larger than what is decoded whole', memory: 'memory ran out' }

const WHAT_NEXT = { room: 'models nobody uses are let go', halves: 'the rows are evaluated in halves' }

/** Owns the model files the engine may open and what of them is loaded. */
export class ModelStore {
  readonly #options: ModelStoreOptions
  readonly #residency: Residency
  readonly #derived = new DerivedModels((ref) => this.resolve(ref))
  #files: readonly ModelFile[] = []
  /** Their paths, those of folders' parts too. */
  #allowed: ReadonlySet<string> = new Set()

  constructor(options: ModelStoreOptions) {
    this.#options = options
    this.#residency = new Residency(options.budgetBytes, (keys) => options.onResidentsChanged(keys))
  }

  /** Takes the list of files that may be opened, in place of the one before. */
  setFiles(files: readonly ModelFile[]): void {
    this.#files = files
    this.#allowed = new Set(files.flatMap(({ path, parts }) => [path].concat(parts)))
  }

  /**
   * Uses a checkpoint, changed by adapters where there are any; say `done()` when the job no longer needs it. Each set of
   * adapters has a denoiser and text encoders of its own where it changes those, and a batcher with them.
   */
  async useCheckpoint(ref: ModelRef | undefined, adapters?: AdapterSet): Promise<Use<UsableCheckpoint>> {
    const uses = new Uses()
    try {
      return { value: await this.#assemble(this.resolve(ref), adapters, uses), done: () => uses.done() }
    } catch (error) {
      uses.done()
      throw error
    }
  }

  async #assemble(
    { path, identity, name }: ModelFile,
    adapters: AdapterSet | undefined,
    uses: Uses,
  ): Promise<UsableCheckpoint> {
    const session = this.#session()
    const base = await uses.take(this.#residency.use(identity, () => loadBase(path, identity, session)))
    const { model, vae } = base
    const rounding = adapters?.rounding
    const source = roundDenoiser(base.source, rounding)
    const weights = rounding === undefined ? identity : `${identity} as ${rounding}`
    const set = adapters?.refs.length ? adapters : undefined
    const derived = set && this.#derived.find(partsOfCheckpoint(source, name), weights, set)
    const derivation = derived?.denoiserKey === undefined ? undefined : derived.derivation
    const useDenoiser = () =>
      this.#residency.use(derived?.denoiserKey ?? `${weights} denoiser`, () => {
        const loaded = loadDenoiser(source, session, { derivation, makeRoom: () => this.#residency.fit() })
        const timed = timeEvaluations(loaded.value, this.#options.onEvaluated)
        const lasting = surviveMemory(timed, {
          makeRoom: () => this.clear(),
          onShort: (rows, next) => this.#options.log?.(`memory ran out; ${WHAT_NEXT[next]}`, { rows }),
        })
        return withValue(loaded, new Batcher(lasting, this.#batching(identity)).predict)
      })
    // Jobs that only encode or decode never take it.
    let denoiser: Promise<PredictionNetwork> | undefined
    const predict: PredictionNetwork = async (inputs) => {
      const output = await (await (denoiser ??= uses.take(useDenoiser())))(inputs)
      // Behind the batcher: the rows of other jobs are theirs.
      return refuseNaN(output, 'Unet', [
        inputs.latent,
        inputs.context,
        ...Object.values(inputs.control ?? {}),
      ])
    }
    const texts =
      derived?.textsKey === undefined
        ? undefined
        : await uses.take(
            this.#residency.use(derived.textsKey, () =>
              loadChangedTexts(source, session, derived.derivation),
            ),
          )
    const textEncoders = model.textEncoders.map((encoder) => texts?.get(encoder.key) ?? encoder)
    const remarks = [...(derived?.derivation.remarks.values() ?? [])].flat()
    return {
      model: { ...model, textEncoders, predict },
      remarks,
      ...(vae && { vae: this.#tileWhereLarge(vae) }),
    }
  }

  /** Uses a separate autoencoder. */
  async useVae(ref: ModelRef): Promise<Use<LoadedVae>> {
    const file = this.resolve(ref)
    return this.#residency.use(file.identity, () => {
      const loaded = loadVaeFile(file.path, this.#session())
      return { ...loaded, value: this.#tileWhereLarge(loaded.value), release: () => loaded.release() }
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
  openWeights({ checkpoint, companion, adapters = [] }: WeightsRef): OpenedWeights {
    const files = [checkpoint, ...(companion ? [companion] : [])].map((ref) => this.resolve(ref))
    const identity = files.map((file) => file.identity).join(' with ')
    const set = { flavour: 'comfy', refs: adapters } as const
    const derivation =
      adapters.length === 0 ? undefined : this.#derived.find(openParts(files), identity, set).derivation
    const compute: ComputeWeight = (file, name) => computeWeight(file, name, this.#session())
    if (checkpoint.kind === ModelKind.MODEL_KIND_TEXT_ENCODER)
      return { texts: openTextFiles(files.map(({ path }) => path)), derivation, compute }
    const source = openCheckpoint(files[0]!.path)
    const texts = source.detected.textEncoders.map((config) => ({ file: source.file, config }))
    return { denoiser: source, texts, derivation, compute }
  }

  /** The autoencoder's weights of a file of its own or of a checkpoint, in their file. */
  openVae(ref: ModelRef): ReturnType<typeof openVaeFile> {
    const { path } = this.resolve(ref)
    if (ref.kind === ModelKind.MODEL_KIND_VAE) return openVaeFile(path)
    const { file, detected } = openCheckpoint(path)
    if (detected.vae !== undefined) return { file, config: detected.vae }
    throw new EngineError('unusable-model', 'the checkpoint has no VAE')
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
    const file = findPreviewFile(this.#files, kind, family)
    if (file === undefined || !existsSync(file.path)) return undefined
    return this.#residency.use(`preview ${file.identity}`, () =>
      loadPreviewNetwork(file.path, kind, this.#session()),
    )
  }

  /** Uses a tiny autoencoder in place of a whole one, by the beginning of its two files' names ("taesd", "taesdxl"). */
  async useTinyVae(name: string): Promise<Use<LoadedVae>> {
    const [encoder, decoder] = ['encoder', 'decoder'].map((half) => {
      const file = this.#files.find(
        (known) => known.kind === ModelKind.MODEL_KIND_TINY_VAE && known.name.startsWith(`${name}_${half}`),
      )
      if (file !== undefined) return file
      throw new EngineError('not-found', `there is no file ${name}_${half} in vae_approx`, {
        exceptionType: 'FileNotFoundError',
      })
    }) as [ModelFile, ModelFile]
    const { factor } = latentFormatOf(name.startsWith('taesdxl') ? 'sdxl' : 'sd1', 'epsilon')
    return this.#residency.use(`${encoder.identity} and ${decoder.identity}`, () =>
      loadTinyVae({ encoder: encoder.path, decoder: decoder.path }, factor, this.#session()),
    )
  }

  /** Uses a ControlNet or adapter; one made of differences is put together with the checkpoint it is used with. */
  async useControl(ref: ModelRef, checkpoint: ModelRef | undefined): Promise<Use<ControlNetwork>> {
    const file = this.resolve(ref)
    const isWhole = compositionOf(readWeightFile(file.path)) === 'whole'
    const base = isWhole || checkpoint === undefined ? undefined : this.resolve(checkpoint)
    const key = base === undefined ? file.identity : `${file.identity} on ${base.identity}`
    return this.#residency.use(key, () =>
      loadControl(file.path, file.name, { ...this.#session(), base: base && openBase(base.path) }),
    )
  }

  /**
   * The file a job pinned.
   * @throws EngineError `not-found`, or `model-changed` when the file is another one by now
   */
  resolve(ref: ModelRef | undefined): ModelFile {
    const named = this.#files.filter(({ kind, name }) => kind === ref?.kind && name === ref.name)
    const file = named.find(({ identity }) => ref?.identity === '' || identity === ref?.identity)
    if (file !== undefined && existsSync(file.path)) return file
    if (named.length > 0)
      throw new EngineError('model-changed', `the file ${ref?.name} changed since the job was admitted`)
    throw new EngineError('not-found', `there is no model file ${ref?.name ?? ''} here`, {
      exceptionType: 'FileNotFoundError',
    })
  }

  /** The file of that kind and name, or undefined. */
  find(kind: ModelKind, name: string): ModelFile | undefined {
    return this.#files.find((file) => file.kind === kind && file.name === name && file.unusableReason === '')
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
    })
  }

  /** Adapters do not change what a call costs: their networks share the checkpoint's curves. */
  #batching(identity: string): BatcherOptions {
    const { maxBatchElements, fillsBuckets = false, rowCurves, now } = this.#options
    return { maxElements: maxBatchElements, fillsBuckets, ...rowCurves?.of(identity), ...(now && { now }) }
  }

  #session(): SessionOptions {
    return {
      ...this.#options.session,
      isAllowedFile: (path) => this.#allowed.has(path),
    }
  }
}

/** Something loaded, used through another value. */
function withValue<T, U>(loaded: Loaded<T>, value: U): Loaded<U> {
  return {
    value,
    get costBytes() {
      return loaded.costBytes
    },
    trim: async (before) => (await loaded.trim?.(before)) === true,
    release: () => loaded.release(),
  }
}

function openBase(path: string): BaseWeights {
  const file = readModel(path)
  return { file, prefix: detectModel(file).unet.prefix }
}
