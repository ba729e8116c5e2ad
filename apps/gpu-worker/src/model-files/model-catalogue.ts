import { readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ModelKind, type ModelFile } from '@atelier/proto'
import type { Logger } from 'pino'
import { hashContent, hashFile } from '../engine/checkpoint/hash-file.ts'
import { NO_EMBEDDING } from '../engine/text-encode/embedding-picture.ts'
import { describeFile } from './describe-file.ts'
import { listModelFiles, type FoundFile, type ModelFolders } from './list-files.ts'

/** How often folders are looked at again, milliseconds. */
const RESCAN_MS = 10_000
/** The bundled checkpoint. */
const DEMO_FOLDER = fileURLToPath(new URL('../../../../models/demo', import.meta.url))

/** Where a catalogue looks, and what it tells. */
export interface ModelCatalogueOptions {
  readonly folders: ModelFolders
  /** File that remembers hashes between starts. */
  readonly hashesPath: string
  readonly logger: Logger
  readonly onChange: (files: readonly ModelFile[]) => void
}

/** Owns the list of model files: scans now and again, hashes in the background, tells each change. */
export class ModelCatalogue {
  readonly #options: ModelCatalogueOptions
  readonly #hashes: Map<string, string>
  readonly #described = new Map<string, ModelFile>()
  readonly #stop = new AbortController()
  #files: readonly ModelFile[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(options: ModelCatalogueOptions) {
    this.#options = options
    this.#hashes = readHashes(options.hashesPath)
    this.#scan()
    void this.#work()
  }

  /** The files now known, unusable ones too. */
  get files(): readonly ModelFile[] {
    return this.#files
  }

  /** Stops scanning and hashing. */
  close(): void {
    this.#stop.abort()
    clearTimeout(this.#timer)
  }

  async #work(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#hashNew()
      await new Promise<void>((resolve) => {
        this.#timer = setTimeout(resolve, RESCAN_MS)
        this.#timer.unref()
      })
      if (!this.#stop.signal.aborted) this.#scan()
    }
  }

  #scan(): void {
    const found = listModelFiles(this.#options.folders)
    const described = found.map((file) => this.#describe(file))
    const files = described.filter(({ unusableReason }) => unusableReason !== NO_EMBEDDING)
    if (JSON.stringify(files) === JSON.stringify(this.#files)) return
    this.#files = files
    this.#options.onChange(files)
  }

  #describe(found: FoundFile): ModelFile {
    const key = toKey(found)
    const known = this.#described.get(`${found.kind} ${found.name} ${key}`)
    const file = known ?? describeFile(found)
    if (known === undefined) {
      this.#described.set(`${found.kind} ${found.name} ${key}`, file)
      if (file.unusableReason !== '' && file.unusableReason !== NO_EMBEDDING) {
        this.#options.logger.warn(
          { file: found.name, reason: file.unusableReason },
          `${found.name} cannot be used: ${file.unusableReason}`,
        )
      }
    }
    const contentSha256 = this.#hashes.get(toContentKey(found)) ?? ''
    return { ...file, sha256: this.#hashes.get(key) ?? '', contentSha256 }
  }

  /** Smallest first: small files are many and hashed at once, large ones take seconds. */
  async #hashNew(): Promise<void> {
    const isWhole = ({ kind }: ModelFile) => kind !== ModelKind.MODEL_KIND_DIFFUSERS_FOLDER
    const missing = this.#files
      .filter((file) => isWhole(file) && lacksHash(file))
      .sort((a, b) => a.sizeBytes - b.sizeBytes)
    for (const file of missing) {
      if (this.#stop.signal.aborted) return
      try {
        this.#hashes.set(toKey(file), await hashFile(file.path, this.#stop.signal))
        if (hasContentHash(file))
          this.#hashes.set(toContentKey(file), await hashContent(file.path, this.#stop.signal))
      } catch {
        continue
      }
      this.#scan()
    }
    if (missing.length > 0) writeHashes(this.#options.hashesPath, this.#hashes)
  }
}

/** The folders that settings name, and the bundled checkpoint's. */
export function toModelFolders(models: string, checkpointFolder: string | undefined): ModelFolders {
  return {
    roots: models
      .split(delimiter)
      .filter((folder) => folder !== '')
      .map((folder) => resolve(folder)),
    checkpointFolders: [...(checkpointFolder === undefined ? [] : [resolve(checkpointFolder)]), DEMO_FOLDER],
  }
}

/** Where hashes are remembered. */
export function toHashesPath(dataFolder: string): string {
  return join(dataFolder, 'hashes.json')
}

function toKey({
  path,
  sizeBytes,
  modifiedAtMs,
}: {
  path: string
  sizeBytes: number
  modifiedAtMs: number
}): string {
  return `${path}|${sizeBytes}|${modifiedAtMs}`
}

/** Key of the second hash that LoRAs have. */
function toContentKey(file: Parameters<typeof toKey>[0]): string {
  return `${toKey(file)}|content`
}

function lacksHash(file: ModelFile): boolean {
  return file.sha256 === '' || (hasContentHash(file) && file.contentSha256 === '')
}

/** An unusable file may have no header to skip. */
function hasContentHash({ kind, unusableReason }: ModelFile): boolean {
  return kind === ModelKind.MODEL_KIND_LORA && unusableReason === ''
}

function readHashes(path: string): Map<string, string> {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>))
  } catch {
    return new Map()
  }
}

function writeHashes(path: string, hashes: ReadonlyMap<string, string>): void {
  try {
    writeFileSync(path, `${JSON.stringify(Object.fromEntries(hashes), null, 1)}\n`)
  } catch {
    // Hashes are computed again at the next start.
  }
}
