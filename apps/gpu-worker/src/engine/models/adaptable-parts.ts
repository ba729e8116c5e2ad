import type { ModelFamily } from '@atelier/catalog'
import type { AdaptableModel, AdapterPart } from '../adapters/adapter-targets.ts'
import type { MixedPart } from '../adapters/mix-weights.ts'
import { openTextWeights } from '../checkpoint/text-names.ts'
import type { CheckpointSource } from './checkpoint-source.ts'
import type { OpenedText } from './load-text-encoders.ts'

/** The parts of a model whose weights adapters and mixtures change. */
export interface AdaptableParts extends AdaptableModel {
  /** What files are called in messages. */
  readonly name: string
  /** Text encoders in files of their own do not tell it. */
  readonly family?: ModelFamily
}

/** The parts of a checkpoint. */
export function partsOfCheckpoint({ file, detected }: CheckpointSource, name: string): AdaptableParts {
  return {
    name,
    family: detected.family,
    denoiser: { file, config: detected.unet },
    texts: detected.textEncoders.map((config) => ({ key: config.key, file: openTextWeights(file, config) })),
  }
}

/** The parts of text encoder files. */
export function partsOfTexts(opened: readonly OpenedText[], name: string): AdaptableParts {
  const texts = opened.map(({ file, config }) => ({ key: config.key, file: openTextWeights(file, config) }))
  return { name, texts }
}

/** Every part by its name, as mixtures take it. */
export function listParts({ denoiser, texts }: AdaptableModel): ReadonlyMap<AdapterPart, MixedPart> {
  const own =
    denoiser === undefined
      ? []
      : [['denoiser', { file: denoiser.file, prefix: denoiser.config.prefix }] as const]
  return new Map([...own, ...texts.map(({ key, file }) => [key, { file, prefix: '' }] as const)])
}
