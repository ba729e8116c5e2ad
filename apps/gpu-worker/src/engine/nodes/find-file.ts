import type { ModelKind, ModelRef } from '@atelier/proto'
import { EngineError } from '../engine-error.ts'
import type { ModelStore } from '../models/model-store.ts'

/** A model file that an input names. */
export interface NamedModel {
  readonly kind: ModelKind
  readonly name: string
  /** What it is, for who reads that it is not here. */
  readonly what: string
}

/** @throws EngineError `not-found` when the file is not here */
export function findFile(
  models: Pick<ModelStore, 'find'>,
  { kind, name, what }: NamedModel,
): NonNullable<ReturnType<ModelStore['find']>> {
  const file = models.find(kind, name)
  if (file !== undefined) return file
  throw new EngineError('not-found', `the ${what} ${name} is not here`, {
    exceptionType: 'FileNotFoundError',
  })
}

/**
 * Names a file as other nodes, and caches, know it.
 * @throws EngineError `not-found` when it is not here
 */
export function findRef(models: Pick<ModelStore, 'find'>, named: NamedModel): ModelRef {
  const { kind, name, identity } = findFile(models, named)
  return { kind, name, identity }
}

/**
 * The same where nothing better is known of it than that it is a model file.
 * @throws EngineError `not-found` when it is not here
 */
export function findModelFile(models: Pick<ModelStore, 'find'>, kind: ModelKind, name: string): ModelRef {
  return findRef(models, { kind, name, what: 'model file' })
}
