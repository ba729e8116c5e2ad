import type { AdapterPart } from '../adapters/adapter-targets.ts'
import type { AppliedMixture, Derivation } from '../adapters/derive-weights.ts'
import { mixWeights, scaleWeights, type ShareRule } from '../adapters/mix-weights.ts'
import { EngineError } from '../engine-error.ts'
import type { WeightChange } from '../onnx/graph-builder.ts'
import { listParts, type AdaptableParts } from './adaptable-parts.ts'
import type { ChangedPart, ScalingRef } from './adapter-refs.ts'

/** Names of weights told in one remark. */
const MAX_NAMES = 8

/**
 * Mixes the parts of one kind of another model, with its own changes, into a model's.
 * @throws EngineError `invalid-request` when they are of different families, or one lacks what is mixed
 */
export function mixParts(
  own: AdaptableParts,
  other: { readonly parts: AdaptableParts; readonly changes: Derivation | undefined },
  { part: kind, rule }: { readonly part: ChangedPart; readonly rule: ShareRule },
): AppliedMixture {
  checkFamilies(own, other.parts)
  const [mine, theirs] = [pick(own, kind), pick(other.parts, kind)]
  const changes = new Map<AdapterPart, ReadonlyMap<string, WeightChange>>()
  const misfits: string[] = []
  for (const [key, part] of mine) {
    const counterpart = theirs.get(key)
    if (counterpart === undefined) continue
    const mixing = mixWeights(part, { ...counterpart, changes: other.changes?.changes.get(key) }, rule)
    misfits.push(...mixing.misfits)
    changes.set(key, mixing.changes)
  }
  const mixed = [...changes.values()].reduce((sum, { size }) => sum + size, 0)
  if (mixed === misfits.length)
    throw cannotMix(own, other.parts, `they share no ${WEIGHTS[kind]} of one shape`)
  const told = misfits.slice(0, MAX_NAMES).join(', ') + (misfits.length > MAX_NAMES ? ', …' : '')
  const remarks =
    misfits.length === 0
      ? []
      : [`${other.parts.name}: ${misfits.length} weights have other shapes and are not mixed in: ${told}`]
  return { name: other.parts.name, changes, remarks }
}

/** Scales weights of the parts of one kind. */
export function scaleParts(parts: AdaptableParts, { part, factors }: ScalingRef): AppliedMixture {
  const scaled = [...pick(parts, part)].map(([key, own]) => [key, scaleWeights(own, factors)] as const)
  return { name: 'factors', changes: new Map(scaled), remarks: [] }
}

const WEIGHTS: Readonly<Record<ChangedPart, string>> = {
  denoiser: 'weights of denoisers',
  texts: 'weights of text encoders',
}

function pick(parts: AdaptableParts, kind: ChangedPart): ReturnType<typeof listParts> {
  return new Map([...listParts(parts)].filter(([key]) => (key === 'denoiser') === (kind === 'denoiser')))
}

function checkFamilies(own: AdaptableParts, other: AdaptableParts): void {
  if (own.family === undefined || other.family === undefined || own.family === other.family) return
  throw cannotMix(own, other, `the first is ${own.family}, the second ${other.family}`)
}

function cannotMix(own: AdaptableParts, other: AdaptableParts, reason: string): EngineError {
  return new EngineError('invalid-request', `${own.name} and ${other.name} cannot be mixed: ${reason}`)
}
