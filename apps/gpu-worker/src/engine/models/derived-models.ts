import type { ModelFile, ModelRef } from '@atelier/proto'
import type { AdapterFlavour } from '../adapters/adapter-format.ts'
import type { AdapterPart } from '../adapters/adapter-targets.ts'
import type { AppliedAdapter, Derivation } from '../adapters/derive-weights.ts'
import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import type { CheckpointSource } from './checkpoint-source.ts'
import { deriveModel } from './derive-model.ts'

/** An adapter file with its strengths. */
export interface AdapterRef {
  readonly file: ModelRef | undefined
  readonly denoiserStrength: number
  readonly textStrength: number
  /** Ranks of products that are used; absent: all. */
  readonly rankLimit?: number | undefined
}

/** Adapters of a model, in the order they are applied, and whose arithmetic they follow. */
export interface AdapterSet {
  readonly flavour: AdapterFlavour
  readonly refs: readonly AdapterRef[]
}

/** A set of adapters on a checkpoint: what it changes, and names for the networks that are changed so. */
export interface DerivedModel {
  readonly derivation: Derivation
  /** Undefined: the checkpoint's own denoiser. */
  readonly denoiserKey: string | undefined
  /** Undefined: the checkpoint's own text encoders. */
  readonly textsKey: string | undefined
}

/** Sets kept read; each is some headers. */
const MAX_KEPT = 32

/** Owns what sets of adapters mean for checkpoints, read once while they are in use. */
export class DerivedModels {
  readonly #resolve: (ref: ModelRef | undefined) => ModelFile
  readonly #kept = new Map<string, DerivedModel>()

  constructor(resolve: (ref: ModelRef | undefined) => ModelFile) {
    this.#resolve = resolve
  }

  /**
   * What a set of adapters does to a checkpoint.
   * @throws EngineError when a file is not there or of another family; CheckpointError when it is malformed
   */
  find(source: CheckpointSource, identity: string, { flavour, refs }: AdapterSet): DerivedModel {
    const files = refs.map(({ file }) => this.#resolve(file))
    const parts = refs.map(
      ({ denoiserStrength, textStrength, rankLimit }, i) =>
        `${files[i]!.identity} ${denoiserStrength} ${textStrength} ${rankLimit ?? ''}`,
    )
    const key = [identity, flavour, ...parts].join(' + ')
    const known = this.#kept.get(key)
    const found = known ?? derive(source, { identity, files }, { flavour, refs })
    this.#kept.delete(key)
    this.#kept.set(key, found)
    for (const oldest of [...this.#kept.keys()].slice(0, -MAX_KEPT)) this.#kept.delete(oldest)
    return found
  }
}

function derive(
  source: CheckpointSource,
  { identity, files }: { readonly identity: string; readonly files: readonly ModelFile[] },
  { flavour, refs }: AdapterSet,
): DerivedModel {
  const adapters = refs.map(({ denoiserStrength, textStrength, rankLimit }, i): AppliedAdapter => ({
    name: files[i]!.name,
    file: readWeightFile(files[i]!.path),
    strengthOf: (part) => (part === 'denoiser' ? denoiserStrength : textStrength),
    rankLimit,
  }))
  const derivation = deriveModel(source, adapters, flavour)
  const nameOf = (
    kind: string,
    strengthOf: (ref: AdapterRef) => number,
    isActing: (part: AdapterPart) => boolean,
  ) => {
    const acting = refs.flatMap((ref, i) => {
      const fits = [...(derivation.fits.get(adapters[i]!) ?? [])].some(isActing)
      const [strength, limit] = [strengthOf(ref), ref.rankLimit === undefined ? '' : `/${ref.rankLimit}`]
      return fits && strength !== 0 ? [`${files[i]!.identity}@${strength}${limit}`] : []
    })
    return `${identity} ${kind} ${flavour} ${acting.join(' + ')}`
  }
  const isText = (part: AdapterPart) => part !== 'denoiser'
  const denoiserKey = nameOf(
    'denoiser',
    (ref) => ref.denoiserStrength,
    (part) => !isText(part),
  )
  const textsKey = nameOf('texts', (ref) => ref.textStrength, isText)
  return {
    derivation,
    denoiserKey: derivation.changes.has('denoiser') ? denoiserKey : undefined,
    textsKey: [...derivation.changes.keys()].some(isText) ? textsKey : undefined,
  }
}
