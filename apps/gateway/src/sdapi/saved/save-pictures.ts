import { createHash } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import sharp from 'sharp'
import { pythonException } from '../errors.ts'
import { optionFlag, optionText, type Options } from '../options/options-store.ts'
import { applyPattern } from './apply-pattern.ts'
import type { NameFacts } from './name-facts.ts'

/** A picture to be saved. */
export interface SavedPicture {
  readonly bytes: Uint8Array
  readonly facts: NameFacts
  /** Text beside the picture, where the options want that. */
  readonly infotext: string
  /** Ending of its name; absent: none. */
  readonly suffix?: string
}

/** Where pictures are saved, and under which options. */
export interface SaveSettings {
  /** No picture leaves this folder, whatever the options say. */
  readonly root: string
  readonly options: Options
  readonly isImageToImage: boolean
}

/** Numbers that are tried for a name. */
const MAX_ATTEMPTS = 500

/** Saves one picture of a job; gives its path. */
export async function savePicture(picture: SavedPicture, settings: SaveSettings): Promise<string> {
  const { options, isImageToImage } = settings
  const own = isImageToImage ? 'outdir_img2img_samples' : 'outdir_txt2img_samples'
  const folder = optionText(options, 'outdir_samples') || optionText(options, own)
  const usesFolders = optionFlag(options, 'save_to_dirs')
  const pattern =
    optionText(options, 'samples_filename_pattern') || (usesFolders ? '[seed]' : '[seed]-[prompt_spaces]')
  const named = await withPixelHash(picture, pattern, options)
  return save(named, settings, {
    ...{ folder, usesFolders, prefix: '', digits: 5 },
    decoration: applyPattern(pattern, named.facts),
    extension: optionText(options, 'samples_format').toLowerCase(),
  })
}

/** Saves the grid of a job's pictures under a name that begins as given; gives its path. */
export async function saveGrid(grid: SavedPicture, settings: SaveSettings, name = 'grid'): Promise<string> {
  const { options, isImageToImage } = settings
  const own = isImageToImage ? 'outdir_img2img_grids' : 'outdir_txt2img_grids'
  const isNamed = optionFlag(options, 'grid_extended_filename')
  const pattern = optionText(options, 'samples_filename_pattern') || '[seed]'
  const named = await withPixelHash(grid, pattern, options)
  return save(named, settings, {
    folder: optionText(options, 'outdir_grids') || optionText(options, own),
    usesFolders: optionFlag(options, 'grid_save_to_dirs'),
    ...{ prefix: `${name}-`, digits: 4 },
    decoration: isNamed ? applyPattern(pattern, named.facts) : '',
    extension: optionText(options, 'grid_format').toLowerCase(),
  })
}

/** The hash of the pixels among a picture's facts, where it or its folder is named by that. */
async function withPixelHash(
  picture: SavedPicture,
  pattern: string,
  options: Options,
): Promise<SavedPicture> {
  const patterns = `${pattern} ${optionText(options, 'directories_filename_pattern')}`
  if (!patterns.toLowerCase().includes('[image_hash')) return picture
  const pixels = await sharp(picture.bytes).raw().toBuffer()
  const pixelHash = createHash('sha256').update(pixels).digest('hex')
  return { ...picture, facts: { ...picture.facts, pixelHash } }
}

interface SavedName {
  readonly folder: string
  readonly usesFolders: boolean
  readonly prefix: string
  readonly digits: number
  readonly decoration: string
  readonly extension: string
}

async function save(
  { bytes, facts, infotext, suffix = '' }: SavedPicture,
  { root, options }: SaveSettings,
  { folder, usesFolders, prefix, digits, decoration, extension }: SavedName,
): Promise<string> {
  const pattern = optionText(options, 'directories_filename_pattern') || '[prompt_words]'
  const below = usesFolders ? applyPattern(pattern, facts).replace(/^ +|[\\/ ]+$/g, '') : ''
  const target = keepInside(root, join(folder, below))
  await mkdir(target, { recursive: true })
  const isNumbered = optionFlag(options, 'save_images_add_number') || decoration === ''
  const toPath = (number: number) =>
    join(
      target,
      `${prefix}${String(number).padStart(digits, '0')}${decoration && `-${decoration}`}${suffix}.${extension}`,
    )
  const path = isNumbered
    ? await writeNumbered(bytes, await findNextNumber(target, prefix), (number) =>
        keepInside(root, toPath(number)),
      )
    : await write(keepInside(root, join(target, `${decoration}${suffix}.${extension}`)), bytes)
  if (optionFlag(options, 'save_txt')) await writeFile(path.replace(/\.[^./\\]*$/, '.txt'), `${infotext}\n`)
  return path
}

/**
 * A path below a folder. Names come from requests.
 * @throws ApiError for one that leaves it
 */
export function keepInside(root: string, path: string): string {
  const target = resolve(root, path)
  const below = relative(root, target)
  if (below === '' || below.startsWith('..') || isAbsolute(below))
    throw pythonException('PermissionError', 'pictures are saved below the data folder only')
  return target
}

/** One above the largest number of the folder's files; numbers stand at the beginning of names. */
async function findNextNumber(folder: string, prefix: string): Promise<number> {
  const numbers = (await readdir(folder))
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number.parseInt(name.slice(prefix.length).split(/[-.]/)[0] ?? '', 10))
    .filter((number) => !Number.isNaN(number))
  return numbers.length === 0 ? 0 : Math.max(...numbers) + 1
}

/** Takes the first number that is free, so that two requests at once never share a name. */
async function writeNumbered(
  bytes: Uint8Array,
  first: number,
  toPath: (number: number) => string,
): Promise<string> {
  for (let number = first; number < first + MAX_ATTEMPTS; number += 1) {
    const path = toPath(number)
    try {
      await writeFile(path, bytes, { flag: 'wx' })
      return path
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw toFault(error, path)
    }
  }
  throw pythonException('FileExistsError', `no number is free for ${toPath(first)}`)
}

async function write(path: string, bytes: Uint8Array): Promise<string> {
  try {
    await writeFile(path, bytes)
    return path
  } catch (error) {
    throw toFault(error, path)
  }
}

function toFault(error: unknown, path: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error
  return pythonException('FileNotFoundError', `[Errno 2] No such file or directory: '${dirname(path)}'`)
}
