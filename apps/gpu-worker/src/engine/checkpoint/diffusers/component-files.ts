import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { CheckpointError } from '../checkpoint-error.ts'
import { readWeightFile } from '../read-weight-file.ts'
import type { TensorEntry, WeightFile } from '../weight-file.ts'

/** Names of weight files by format: Diffusers' own, and those of the transformers library. */
const STEMS = {
  safetensors: ['diffusion_pytorch_model', 'model'],
  bin: ['diffusion_pytorch_model', 'pytorch_model'],
} as const
const FORMATS = ['safetensors', 'bin'] as const
/** Configurations and indices are a few hundred kilobytes at most. */
const MAX_JSON_BYTES = 16 * 1024 * 1024
/** Files one component may be cut into. */
const MAX_SHARDS = 256

/** One way in which a component's weights may lie in its folder. */
interface Candidate {
  readonly name: string
  readonly isIndex: boolean
}

/**
 * Reads a component's weights, whole or cut into several files. Which of them: the variant asked for, the plain ones,
 * "fp16", any other. Links are followed, so that each tensor names the file in which it lies.
 * @throws CheckpointError when there are none or one is malformed
 */
export function readComponent(folder: string, variant?: string): WeightFile {
  const names = new Set(listNames(folder))
  for (const { name, isIndex } of listCandidates(names, variant)) {
    if (!names.has(name)) continue
    return isIndex ? readShards(folder, name) : readWeightFile(realpathSync(join(folder, name)))
  }
  throw new CheckpointError('unreadable', folder, 'it holds no weights')
}

/**
 * A JSON file of the folder as a record.
 * @throws CheckpointError when it is not there or is none
 */
export function readJson(folder: string, name: string): Readonly<Record<string, unknown>> {
  const path = join(folder, name)
  try {
    if (statSync(path).size > MAX_JSON_BYTES) throw new Error(`it is larger than ${MAX_JSON_BYTES} bytes`)
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new Error('it holds no record')
    return value as Record<string, unknown>
  } catch (cause) {
    const reason = `its ${name} cannot be used: ${(cause as Error).message}`
    throw new CheckpointError('malformed', folder, reason, { cause })
  }
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    throw new CheckpointError('unreadable', folder, 'it is no folder that can be read', { cause })
  }
}

function listCandidates(names: ReadonlySet<string>, variant: string | undefined): Candidate[] {
  const asked = variant === undefined ? [] : [variant]
  const variants = [...new Set([...asked, '', 'fp16', ...findVariants(names)])]
  return variants.flatMap((one) =>
    FORMATS.flatMap((format) => STEMS[format].flatMap((stem) => spell(stem, format, one))),
  )
}

/** Names of one file and of an index, with the variant where Diffusers put it at one time or another. */
function spell(stem: string, format: string, variant: string): Candidate[] {
  const infix = variant === '' ? '' : `.${variant}`
  const indices =
    variant === ''
      ? [`${stem}.${format}.index.json`]
      : [`${stem}.${format}.index${infix}.json`, `${stem}.${format}${infix}.index.json`]
  return [
    { name: `${stem}${infix}.${format}`, isIndex: false },
    ...indices.map((name) => ({ name, isIndex: true })),
  ]
}

function findVariants(names: ReadonlySet<string>): string[] {
  return [...names].flatMap((name) => {
    const found =
      /^(?:diffusion_pytorch_model|pytorch_model|model)\.(?!safetensors|bin)([\w-]+?)(?:-\d+-of-\d+)?\.(?:safetensors|bin)$/.exec(
        name,
      )
    return found?.[1] ?? []
  })
}

function readShards(folder: string, indexName: string): WeightFile {
  const malformed = (reason: string) => new CheckpointError('malformed', folder, `its ${indexName} ${reason}`)
  const { weight_map: map } = readJson(folder, indexName)
  if (typeof map !== 'object' || map === null) throw malformed('has no weight_map')
  const shardOf = Object.entries(map as Record<string, unknown>)
  const names = new Set(shardOf.map(([, name]) => name))
  if (names.size === 0 || names.size > MAX_SHARDS) throw malformed(`names ${names.size} files`)
  const shards = new Map<unknown, WeightFile>()
  for (const name of names) {
    if (typeof name !== 'string' || !/^[\w.-]+$/.test(name) || name.startsWith('.'))
      throw malformed(`names the file ${JSON.stringify(name).slice(0, 80)}`)
    shards.set(name, readWeightFile(resolveLink(folder, name)))
  }
  const tensors = new Map<string, TensorEntry>()
  for (const [tensor, name] of shardOf) {
    const shard = shards.get(name)!
    const entry = shard.tensors.get(tensor)
    if (entry === undefined) throw malformed(`names a tensor "${tensor.slice(0, 80)}" that its file has not`)
    tensors.set(tensor, { path: shard.path, ...entry })
  }
  const sizeBytes = [...shards.values()].reduce((sum, shard) => sum + shard.sizeBytes, 0)
  return { path: folder, sizeBytes, tensors, metadata: {} }
}

function resolveLink(folder: string, name: string): string {
  try {
    return realpathSync(join(folder, name))
  } catch (cause) {
    throw new CheckpointError('unreadable', folder, `it lacks the file ${name}`, { cause })
  }
}
