import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { ImageFormat } from '@atelier/proto'
import sharp from 'sharp'
import { encodePicture } from '../../images/encode-picture.ts'
import type { Picture, Pixels } from '../../images/pixels.ts'
import { findFormat, toQuality } from '../generation/to-output.ts'
import { pythonException } from '../errors.ts'
import { optionFlag, optionText, type Options } from '../options/options-store.ts'
import { applyPattern } from './apply-pattern.ts'
import type { NameFacts } from './name-facts.ts'
import { findNextNumber, writeNamed, writeNumbered } from './write-saved.ts'

/** A picture to be saved. */
export interface SavedPicture {
  readonly bytes: Uint8Array
  readonly facts: NameFacts
  /** Text beside the picture, where the options want that; undefined: none. */
  readonly infotext: string | undefined
  /** Ending of its name; absent: none. */
  readonly suffix?: string
}

/** A grid to be saved. */
export interface SavedGrid extends Omit<SavedPicture, 'bytes'> {
  readonly pixels: Pixels
}

/** Where pictures are saved, and under which options. */
export interface SaveSettings {
  /** No picture leaves this folder, whatever the options say. */
  readonly root: string
  readonly options: Options
  readonly isImageToImage: boolean
}

/** Bytes of a name without its ending: file systems take 255 with it. */
const LONGEST_STEM = 250
/** Saves one picture of a job; gives its path. */
export async function savePicture(picture: SavedPicture, settings: SaveSettings): Promise<string> {
  const { options, isImageToImage } = settings
  const own = isImageToImage ? 'outdir_img2img_samples' : 'outdir_txt2img_samples'
  const folder = optionText(options, 'outdir_samples') || optionText(options, own)
  const usesFolders = optionFlag(options, 'save_to_dirs')
  const pattern =
    optionText(options, 'samples_filename_pattern') || (usesFolders ? '[seed]' : '[seed]-[prompt_spaces]')
  const format = optionText(options, 'samples_format')
  const bytes = await keepFormat(picture, format, options)
  const named = await withPixelHash({ ...picture, bytes }, pattern, options)
  return save(named, settings, {
    ...{ folder, usesFolders, prefix: '', digits: 5 },
    decoration: applyPattern(pattern, named.facts),
    extension: toExtension(format),
  })
}

/** Saves the grid of a job's pictures under a name that begins as given; gives its path. */
export async function saveGrid(
  { pixels, ...grid }: SavedGrid,
  settings: SaveSettings,
  name = 'grid',
): Promise<string> {
  const { options, isImageToImage } = settings
  const own = isImageToImage ? 'outdir_img2img_grids' : 'outdir_txt2img_grids'
  const isNamed = optionFlag(options, 'grid_extended_filename')
  const pattern = optionText(options, 'samples_filename_pattern') || '[seed]'
  const format = optionText(options, 'grid_format')
  const bytes = await toFormat(pixels, { format, infotext: grid.infotext, options })
  const named = await withPixelHash({ ...grid, bytes }, pattern, options)
  return save(named, settings, {
    folder: optionText(options, 'outdir_grids') || optionText(options, own),
    usesFolders: optionFlag(options, 'grid_save_to_dirs'),
    ...{ prefix: `${name}-`, digits: 4 },
    decoration: isNamed ? applyPattern(pattern, { ...named.facts, basename: name }) : '',
    extension: toExtension(format),
  })
}

/** A picture's own file where it has the format it is named by: answers are encoded as the tenant's options say. */
async function keepFormat(
  { bytes, infotext }: SavedPicture,
  format: string,
  options: Options,
): Promise<Uint8Array> {
  const own = (await sharp(bytes).metadata()).format
  if (findFormat(own) === (findFormat(format) ?? ImageFormat.IMAGE_FORMAT_PNG)) return bytes
  return toFormat(bytes, { format, infotext, options })
}

/** The ending of a file's name. */
function toExtension(format: string): string {
  return findFormat(format) === undefined ? 'png' : format.toLowerCase()
}

/** A picture in the format that its file is named by; formats that cannot be written are PNG. */
function toFormat(
  picture: Picture,
  { format, infotext, options }: { format: string; infotext: string | undefined; options: Options },
): Promise<Uint8Array> {
  return encodePicture(picture, {
    format: findFormat(format) ?? ImageFormat.IMAGE_FORMAT_PNG,
    quality: toQuality(options),
    isLossless: optionFlag(options, 'webp_lossless'),
    infotext: optionFlag(options, 'enable_pnginfo') ? infotext : undefined,
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
  const below = usesFolders ? applyPattern(pattern, facts).replace(/^ +|(?<![\\/ ])[\\/ ]+$/g, '') : ''
  const target = keepInside(root, join(folder, below))
  await mkdir(target, { recursive: true })
  const isNumbered = optionFlag(options, 'save_images_add_number') || decoration === ''
  const toPath = (name: string) => keepInside(root, join(target, `${cutName(name)}.${extension}`))
  const toNumbered = (number: number) =>
    toPath(`${prefix}${String(number).padStart(digits, '0')}${decoration && `-${decoration}`}${suffix}`)
  const file = { bytes, infotext, options }
  if (!isNumbered) return writeNamed(toPath(`${decoration}${suffix}`), file)
  return writeNumbered(await findNextNumber(target, prefix), toNumbered, file)
}

/** A file's name without its ending, as long as file systems take it. */
function cutName(name: string): string {
  let cut = name
  while (Buffer.byteLength(cut) > LONGEST_STEM) cut = cut.slice(0, -1)
  return cut
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
