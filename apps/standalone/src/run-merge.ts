import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { mergeCheckpoints, type MergeMethod } from '@atelier/gpu-worker'

const METHODS: readonly string[] = ['weighted-sum', 'add-difference', 'none'] satisfies MergeMethod[]

/**
 * Merges checkpoints with the flags given; returns the path of the result.
 * @throws Error naming the flag, file or tensor that is wrong
 */
export function runMerge(flags: Readonly<Record<string, string>>): string {
  const { primary, secondary, tertiary, vae, discard, output, method = 'weighted-sum' } = flags
  if (primary === undefined) throw new Error('--primary names no checkpoint')
  if (!METHODS.includes(method)) throw new Error(`--method is one of ${METHODS.join(', ')}, not "${method}"`)
  const multiplier = Number(flags['multiplier'] ?? 0.3)
  if (!Number.isFinite(multiplier)) throw new Error(`--multiplier is no number: "${flags['multiplier']}"`)
  for (const [flag, path] of Object.entries({ primary, secondary, tertiary, vae })) {
    if (path !== undefined && !existsSync(path)) throw new Error(`--${flag}: there is no file ${path}`)
  }
  return mergeCheckpoints(
    {
      ...{ primary, secondary, tertiary, vae, multiplier, method: method as MergeMethod },
      savesHalf: flags['half'] === 'true',
      discards: discard === undefined || discard === '' ? undefined : toPattern(discard),
    },
    (name) => toNewPath(output ?? dirname(primary), name),
  )
}

function toPattern(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch {
    throw new Error(`--discard is no pattern: "${text}"`)
  }
}

/** A file that was named, or A1111's name in a folder; never one that is there. */
function toNewPath(output: string, name: string): string {
  const isFolder = statSync(output, { throwIfNoEntry: false })?.isDirectory() === true
  const path = isFolder ? join(output, `${name}.safetensors`) : output
  if (existsSync(path)) throw new Error(`--output: ${path} is there already`)
  return path
}
