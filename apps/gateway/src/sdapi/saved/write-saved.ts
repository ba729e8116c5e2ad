import { existsSync } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pythonException } from '../errors.ts'
import { optionFlag, optionText, type Options } from '../options/options-store.ts'
import { makeSmaller } from './make-smaller.ts'

/** What is written for one picture. */
export interface SavedFile {
  readonly bytes: Uint8Array
  readonly infotext: string | undefined
  readonly options: Options
}

/** The ending of a file's name. */
const ENDING = /\.[^./\\]*$/
/** Numbers that are tried for a name. */
const MAX_ATTEMPTS = 500

/** What is kept beside a saved picture: a smaller one, and its text. */
async function writeCompanions(path: string, { bytes, infotext, options }: SavedFile): Promise<void> {
  const smaller = await makeSmaller(bytes, infotext, options)
  if (smaller !== undefined) await write(path.replace(ENDING, '.jpg'), smaller, options)
  if (optionFlag(options, 'save_txt') && infotext !== undefined)
    await writeFile(path.replace(ENDING, '.txt'), `${infotext}\n`)
}

/** Writes a picture under its name. */
export async function writeNamed(path: string, file: SavedFile): Promise<string> {
  const written = await write(path, file.bytes, file.options)
  await writeCompanions(path, file)
  return written
}

/** One above the largest number of the folder's files; numbers stand at the beginning of names. */
export async function findNextNumber(folder: string, prefix: string): Promise<number> {
  const numbers = (await readdir(folder))
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number.parseInt(name.slice(prefix.length).split(/[-.]/)[0] ?? '', 10))
    .filter((number) => !Number.isNaN(number))
  return numbers.length === 0 ? 0 : Math.max(...numbers) + 1
}

/** Takes the first number that is free, so that two requests at once never share a name. */
export async function writeNumbered(
  first: number,
  toPath: (number: number) => string,
  file: SavedFile,
): Promise<string> {
  for (let number = first; number < first + MAX_ATTEMPTS; number += 1) {
    const path = toPath(number)
    try {
      await writeFile(path, file.bytes, { flag: 'wx' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw toFault(error, path)
    }
    await writeCompanions(path, file)
    return path
  }
  throw pythonException('FileExistsError', `no number is free for ${toPath(first)}`)
}

/** Writes a file whose name is not numbered: over one that is there, or beside it, as the options say. */
async function write(path: string, bytes: Uint8Array, options: Options): Promise<string> {
  try {
    const free = optionText(options, 'save_images_replace_action') === 'Replace' ? path : findFree(path)
    await writeFile(free, bytes)
    return free
  } catch (error) {
    throw toFault(error, path)
  }
}

function findFree(path: string): string {
  for (let number = 0; ; number += 1) {
    const candidate = number === 0 ? path : path.replace(ENDING, `-${number}$&`)
    if (!existsSync(candidate)) return candidate
  }
}

function toFault(error: unknown, path: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error
  return pythonException('FileNotFoundError', `[Errno 2] No such file or directory: '${dirname(path)}'`)
}
