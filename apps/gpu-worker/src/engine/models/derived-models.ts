import type { ModelFile, ModelRef } from '@atelier/proto'
import type { AdapterFlavour } from '../adapters/adapter-format.ts'
import type { AdapterPart } from '../adapters/adapter-targets.ts'
import type { AppliedAdapter, AppliedChange, AppliedMixture, Derivation } from '../adapters/derive-weights.ts'
import type { F8Type } from '../adapters/round-weight.ts'
import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import type { AdaptableParts } from './adaptable-parts.ts'
import type { AdapterRef, ChangedPart, MixtureRef } from './adapter-refs.ts'
import { deriveParts } from './derive-model.ts'
import { mixParts, scaleParts } from './mix-models.ts'
import { openParts } from './open-parts.ts'

/** Changes of a model, in the order they are applied, and whose arithmetic they follow. */
export interface AdapterSet {
  readonly flavour: AdapterFlavour
  readonly refs: readonly AdapterRef[]
  /** The denoiser's weights are rounded to this before. */
  readonly rounding?: F8Type | undefined
}

/** A set of adapters on a model: what it changes, and names for the networks that are changed so. */
export interface DerivedModel {
  readonly derivation: Derivation
  /** Undefined: the model's own denoiser. */
  readonly denoiserKey: string | undefined
  /** Undefined: the model's own text encoders. */
  readonly textsKey: string | undefined
}

/** Sets kept read; each is some headers. */
const MAX_KEPT = 32

/** Owns what sets of adapters mean for models, read once while they are in use. */
export class DerivedModels {
  readonly #resolve: (ref: ModelRef | undefined) => ModelFile
  readonly #kept = new Map<string, DerivedModel>()

  constructor(resolve: (ref: ModelRef | undefined) => ModelFile) {
    this.#resolve = resolve
  }

  /**
   * What a set of adapters does to a model.
   * @throws EngineError when a file is not there or of another family; CheckpointError when it is malformed
   */
  find(parts: AdaptableParts, identity: string, { flavour, refs }: AdapterSet): DerivedModel {
    const key = [identity, flavour, ...refs.map((ref) => this.#describe(ref))].join(' + ')
    const found = this.#kept.get(key) ?? this.#derive(parts, identity, { flavour, refs })
    this.#kept.delete(key)
    this.#kept.set(key, found)
    for (const oldest of [...this.#kept.keys()].slice(0, -MAX_KEPT)) this.#kept.delete(oldest)
    return found
  }

  #derive(parts: AdaptableParts, identity: string, { flavour, refs }: AdapterSet): DerivedModel {
    const applied = refs.map((ref) => this.#open(ref, parts, flavour))
    const derivation = deriveParts(parts, applied, flavour)
    const nameOf = (kind: ChangedPart) => {
      const isOwn = (part: AdapterPart) => (part === 'denoiser') === (kind === 'denoiser')
      const acting = refs.flatMap((ref, i) => {
        const fits = [...(derivation.fits.get(applied[i]!) ?? [])].some(isOwn)
        return fits && isActing(ref, kind) ? [this.#describe(ref, kind)] : []
      })
      const isChanged = [...derivation.changes.keys()].some(isOwn)
      return isChanged ? `${identity} ${kind} ${flavour} ${acting.join(' + ')}` : undefined
    }
    return { derivation, denoiserKey: nameOf('denoiser'), textsKey: nameOf('texts') }
  }

  /** What a change is known by, for one part of the model or for all of it. */
  #describe(ref: AdapterRef, kind?: ChangedPart): string {
    if ('factors' in ref) return `${ref.part} by ${ref.factors.map((factor) => factor.join('=')).join()}`
    if ('mixed' in ref) {
      const { checkpoint, companion, adapters = [] } = ref.mixed
      const files = [checkpoint, ...(companion ? [companion] : [])].map(
        (file) => this.#resolve(file).identity,
      )
      const shares = ref.rule.map(
        ([start, { own, other, original }]) => `${start}${own}:${other}:${original ?? 0}`,
      )
      const changes = adapters.map((adapter) => this.#describe(adapter))
      return `${ref.part} with (${[files.join(), ...changes].join(' + ')}) ${shares.join()}`
    }
    const { file, denoiserStrength, textStrength, rankLimit } = ref
    const { identity } = this.#resolve(file)
    if (kind === undefined) return `${identity} ${denoiserStrength} ${textStrength} ${rankLimit ?? ''}`
    const strength = kind === 'denoiser' ? denoiserStrength : textStrength
    return `${identity}@${strength}${rankLimit === undefined ? '' : `/${rankLimit}`}`
  }

  #open(ref: AdapterRef, parts: AdaptableParts, flavour: AdapterFlavour): AppliedChange {
    if ('factors' in ref) return scaleParts(parts, ref)
    if ('mixed' in ref) return this.#mix(ref, parts, flavour)
    const { file, denoiserStrength, textStrength, rankLimit } = ref
    const { name, path } = this.#resolve(file)
    return {
      ...{ name, file: readWeightFile(path), rankLimit },
      strengthOf: (part) => (part === 'denoiser' ? denoiserStrength : textStrength),
    } satisfies AppliedAdapter
  }

  #mix({ mixed, part, rule }: MixtureRef, parts: AdaptableParts, flavour: AdapterFlavour): AppliedMixture {
    const { checkpoint, companion, adapters = [] } = mixed
    const files = [checkpoint, ...(companion ? [companion] : [])].map((file) => this.#resolve(file))
    const other = openParts(files)
    const identity = files.map((file) => file.identity).join()
    const changes =
      adapters.length === 0 ? undefined : this.find(other, identity, { flavour, refs: adapters }).derivation
    return mixParts(parts, { parts: other, changes }, { part, rule })
  }
}

function isActing(ref: AdapterRef, kind: ChangedPart): boolean {
  if (!('file' in ref)) return true
  return (kind === 'denoiser' ? ref.denoiserStrength : ref.textStrength) !== 0
}
