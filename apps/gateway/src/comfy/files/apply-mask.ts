import { parseExactJson, type ExactObject } from '@atelier/catalog/exact-json'
import sharp from 'sharp'
import type { GatewayDeps } from '../../deps.ts'
import { readTextChunks, writeTextChunks } from './carry-png-texts.ts'
import { parseFolderName, resolveBelow, splitAnnotation, splitPath, toFolderKind } from './folders.ts'
import { requireObject } from '../read-body.ts'
import { RequestFault } from '../request-fault.ts'
import { readText } from './upload-file.ts'

/** zlib level of masks, as ComfyUI writes them. */
const COMPRESSION_LEVEL = 4

/**
 * The bytes of the picture a mask belongs to, which the form names in `original_ref`; undefined when there is none.
 * @throws RequestFault when the form names none
 */
export async function findMaskOriginal(
  deps: GatewayDeps,
  tenant: string,
  form: FormData,
): Promise<Uint8Array | undefined> {
  const reference = parseReference(await readText(form, 'original_ref', ''))
  const { name, folder: marked } = splitAnnotation(readMember(reference, 'filename', undefined))
  const isUnsafe = name === '' || name.startsWith('/') || name.includes('..')
  const folder = marked ?? parseFolderName(readMember(reference, 'type', 'output'))
  if (isUnsafe || folder === undefined) return undefined
  const path = resolveBelow(folder, readMember(reference, 'subfolder', ''), name)
  if (path === undefined) return undefined
  const place = splitPath(path)
  const file = await deps.store.files.find(tenant, toFolderKind(folder), place.subfolder, place.name)
  return file?.blob && deps.store.blobs.read(file.blob)
}

function parseReference(text: string): ExactObject {
  try {
    return requireObject(parseExactJson(text), 'original_ref')
  } catch (error) {
    throw new RequestFault('original_ref is no JSON object', { cause: error })
  }
}

function readMember(reference: ExactObject, name: string, fallback: string | undefined): string {
  const value = reference.get(name) ?? fallback
  if (typeof value !== 'string') throw new RequestFault(`original_ref has no ${name}`)
  return value
}

/**
 * The original with the alpha of the uploaded picture in place of its own, as PNG with the original's texts.
 * @throws RequestFault when either is no picture, or their sizes differ
 */
export async function applyMask(original: Uint8Array, mask: Uint8Array): Promise<Uint8Array> {
  try {
    const [picture, alpha] = await Promise.all([readRgba(original), readRgba(mask)])
    if (picture.width !== alpha.width || picture.height !== alpha.height)
      throw new RequestFault('the mask has another size than its picture')
    for (let at = 3; at < picture.data.length; at += 4) picture.data[at] = alpha.data[at] ?? 0
    const { width, height } = picture
    const png = await sharp(picture.data, { raw: { width, height, channels: 4 } })
      .png({ compressionLevel: COMPRESSION_LEVEL })
      .toBuffer()
    return writeTextChunks(png, readTextChunks(original))
  } catch (error) {
    if (error instanceof RequestFault) throw error
    throw new RequestFault('the mask or its picture cannot be read', { cause: error })
  }
}

async function readRgba(bytes: Uint8Array): Promise<{ data: Buffer; width: number; height: number }> {
  const { data, info } = await sharp(bytes)
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}
