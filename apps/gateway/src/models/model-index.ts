import type { ModelFile, ModelKind, ModelRef, WorkerDescription } from '@atelier/proto'

/** The union of what living workers can load, as the gateway's lists and validations see it. Never opens a file. */
export interface ModelIndex {
  /** Files of a kind, usable or not, sorted by name (code-unit order), one entry for each (name, identity). */
  list(kind: ModelKind): readonly ModelFile[]
  /** The usable file of that kind and exact name (path with extension), or undefined. */
  find(kind: ModelKind, name: string): ModelFile | undefined
  /** The living workers. */
  workers(): readonly WorkerDescription[]
  /** Resolves when a worker is known, or the time is over, milliseconds; says whether one is. */
  whenKnown(limitMs: number): Promise<boolean>
}

/** Pins a file for a job. */
export function toModelRef(file: ModelFile): ModelRef {
  return { kind: file.kind, name: file.name, identity: file.identity }
}
