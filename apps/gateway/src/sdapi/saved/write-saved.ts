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

/** Takes the first number that is free. */
export async function writeNumbered(
  first: number,
  toPath: (number: number) => string,
  file: SavedFile,
): Promise<string> {
  const path = await writeFirstFree(file.bytes, { first, end: first + MAX_ATTEMPTS }, toPath)
  if (path === undefined) throw pythonException('FileExistsError', `no number is free for ${toPath(first)}`)
  await writeCompanions(path, file)
  return path
}

/** Writes a file whose name is not numbered: over one that is there, or beside it, as the options say. */
async function write(path: string, bytes: Uint8Array, options: Options): Promise<string> {
  if (optionText(options, 'save_images_replace_action') === 'Replace') {
    await writeFile(path, bytes).catch((error: unknown) => {
      throw toFault(error, path)
    })
    return path
  }
  const toPath = (number: number) => (number === 0 ? path : path.replace(ENDING, `-${number}$&`))
  return (await writeFirstFree(bytes, { first: 0, end: Infinity }, toPath)) ?? path
}

/** Writes under the first name that is free, so that two requests at once never share one; undefined: none is. */
async function writeFirstFree(
  bytes: Uint8Array,
  { first, end }: { readonly first: number; readonly end: number },
  toPath: (number: number) => string,
): Promise<string | undefined> {
  for (let number = first; number < end; number += 1) {
    const path = toPath(number)
    try {
      await writeFile(path, bytes, { flag: 'wx' })
      return path
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw toFault(error, path)
    }
  }
  return undefined
}

function toFault(error: unknown, path: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error
  return pythonException('FileNotFoundError', `[Errno 2] No such file or directory: '${dirname(path)}'`)
}
