import { posix } from 'node:path'
import { EngineError } from '../engine-error.ts'

/** Where saved pictures go. */
export interface OutputName {
  /** Folder below the output folder, "" or "a/b". */
  readonly subfolder: string
  /** File name up to the counter. */
  readonly stem: string
}

/**
 * Reads a SaveImage prefix: placeholders (%width%, %height%, %year% … %second%), folders, normalised as a path.
 * @throws EngineError `invalid-request` when it would leave the output folder
 */
export function parseOutputPrefix(
  prefix: string,
  size: { width: number; height: number },
  now: Date,
): OutputName {
  const two = (value: number) => String(value).padStart(2, '0')
  const values: Record<string, string> = {
    width: String(size.width),
    height: String(size.height),
    year: String(now.getFullYear()),
    month: two(now.getMonth() + 1),
    day: two(now.getDate()),
    hour: two(now.getHours()),
    minute: two(now.getMinutes()),
    second: two(now.getSeconds()),
  }
  const text = prefix.replace(/%(\w+)%/g, (whole, name: string) => values[name] ?? whole)
  const parts = normalise(text)
  if (parts === undefined) {
    const folder = posix.normalize(posix.join('/output', posix.dirname(text)))
    const message = [
      '**** ERROR: Saving image outside the output folder is not allowed.',
      ` full_output_folder: ${text.startsWith('/') ? posix.dirname(text) : folder}`,
      '         output_dir: /output',
      '         commonpath: /',
    ]
    throw new EngineError('invalid-request', message.join('\n'), { exceptionType: 'Exception' })
  }
  return { subfolder: parts.slice(0, -1).join('/'), stem: parts.at(-1) ?? '.' }
}

/** A file name for a counter value. */
export function toFileName(stem: string, counter: number, batchIndex: number): string {
  const name = stem.replaceAll('%batch_num%', String(batchIndex))
  return `${name}_${String(counter).padStart(5, '0')}_.png`
}

/** Path parts without dots; undefined when the path is absolute or climbs out. */
function normalise(path: string): string[] | undefined {
  if (path.startsWith('/')) return undefined
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.length === 0 ? ['.'] : parts
}
