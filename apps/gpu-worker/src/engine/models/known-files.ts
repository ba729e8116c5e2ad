import { existsSync } from 'node:fs'
import { ModelKind, type ModelFile, type ModelRef } from '@atelier/proto'
import { EngineError } from '../engine-error.ts'

/** Owns the list of model files the engine may open. */
export class KnownFiles {
  #files: readonly ModelFile[] = []
  /** Their paths, those of folders' parts too. */
  #allowed: ReadonlySet<string> = new Set()

  /** Takes the list in place of the one before. */
  set(files: readonly ModelFile[]): void {
    this.#files = files
    this.#allowed = new Set(files.flatMap(({ path, parts }) => [path].concat(parts)))
  }

  get all(): readonly ModelFile[] {
    return this.#files
  }

  /** Whether a path is one of a known file or of a known folder's parts. */
  isAllowed(path: string): boolean {
    return this.#allowed.has(path)
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
    throw notFound(`there is no model file ${ref?.name ?? ''} here`)
  }

  /** The file of that kind and name, or undefined. */
  find(kind: ModelKind, name: string): ModelFile | undefined {
    return this.#files.find((file) => file.kind === kind && file.name === name && file.unusableReason === '')
  }

  /**
   * The two files of a tiny autoencoder, by the beginning of their names ("taesd", "taesdxl").
   * @throws EngineError `not-found` when one is not there
   */
  findTinyVae(name: string): { readonly encoder: ModelFile; readonly decoder: ModelFile } {
    const find = (half: string): ModelFile => {
      const file = this.#files.find(
        (known) => known.kind === ModelKind.MODEL_KIND_TINY_VAE && known.name.startsWith(`${name}_${half}`),
      )
      if (file !== undefined) return file
      throw notFound(`there is no file ${name}_${half} in vae_approx`)
    }
    return { encoder: find('encoder'), decoder: find('decoder') }
  }
}

function notFound(message: string): EngineError {
  return new EngineError('not-found', message, { exceptionType: 'FileNotFoundError' })
}
