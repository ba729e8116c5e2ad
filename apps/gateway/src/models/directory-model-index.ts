import { setTimeout as sleep } from 'node:timers/promises'
import type { WorkerDescription, ModelFile, ModelKind } from '@atelier/proto'
import type { WorkerDirectory } from '@atelier/ledger'
import type { ModelIndex } from './model-index.ts'

/** Pause before a directory that could not be followed is tried again, milliseconds. */
const RETRY_MS = 1_000

/** A model index that takes lists of workers, from a directory that it follows. Owns its watch until `close`. */
export class DirectoryModelIndex implements ModelIndex {
  readonly #stop = new AbortController()
  #workers: readonly WorkerDescription[] = []
  #byKind = new Map<ModelKind, readonly ModelFile[]>()
  readonly #waiting = new Set<() => void>()

  /** Reads a directory once; rejects when it cannot be had. */
  async read(directory: WorkerDirectory): Promise<void> {
    this.replace(await directory.list())
  }

  /** Follows a directory until `close`, whether it is there yet or not; never rejects. */
  async follow(directory: WorkerDirectory, onFault: (fault: unknown) => void): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        for await (const workers of directory.watch(this.#stop.signal)) this.replace(workers)
      } catch (fault) {
        if (!this.#stop.signal.aborted) onFault(fault)
      }
      if (!this.#stop.signal.aborted) await sleep(RETRY_MS, undefined, { ref: false })
    }
  }

  /** Takes a new list of living workers. */
  replace(workers: readonly WorkerDescription[]): void {
    this.#workers = workers
    this.#byKind = groupModels(workers.flatMap((worker) => worker.models))
    if (workers.length > 0) for (const tell of [...this.#waiting]) tell()
  }

  list(kind: ModelKind): readonly ModelFile[] {
    return this.#byKind.get(kind) ?? []
  }

  find(kind: ModelKind, name: string): ModelFile | undefined {
    return this.list(kind).find((file) => file.name === name && file.unusableReason === '')
  }

  workers(): readonly WorkerDescription[] {
    return this.#workers
  }

  async whenKnown(limitMs: number): Promise<boolean> {
    if (this.#workers.length > 0) return true
    await new Promise<void>((resolve) => {
      const tell = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(tell)
        resolve()
      }
      const timer = setTimeout(tell, limitMs)
      this.#waiting.add(tell)
    })
    return this.#workers.length > 0
  }

  /** Stops following. */
  close(): void {
    this.#stop.abort()
  }
}

function groupModels(files: readonly ModelFile[]): Map<ModelKind, readonly ModelFile[]> {
  const unique = new Map<string, ModelFile>()
  for (const file of files) {
    const key = `${file.kind}\u0000${file.name}\u0000${file.identity}`
    const known = unique.get(key)
    // Workers hash files in the background: prefer the entry that has its hash already.
    if (known === undefined || (known.sha256 === '' && file.sha256 !== '')) unique.set(key, file)
  }
  const groups = new Map<ModelKind, ModelFile[]>()
  for (const file of unique.values()) groups.set(file.kind, [...(groups.get(file.kind) ?? []), file])
  for (const group of groups.values()) group.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  return groups
}
