import { createHash } from 'node:crypto'
import sharp from 'sharp'
import type { BlobRef } from '@atelier/proto'
import { toInputKey, type BlobStore } from '@atelier/ledger'
import type { ExactValue } from '@atelier/catalog/exact-json'
import { httpException, pythonException } from '../errors.ts'

/** Largest picture a request may carry, pixels: stops decompression bombs before anything is decoded. */
const MAX_PIXELS = 64 * 1024 * 1024

/**
 * Decodes a picture of a request: base64, bare or as a data URL.
 * @throws ApiError as A1111 answers for URLs (never fetched) and for what is no picture
 */
export async function decodePicture(value: ExactValue): Promise<Uint8Array> {
  if (typeof value !== 'string') throw httpException(500, 'Invalid encoded image')
  if (value.startsWith('http://') || value.startsWith('https://'))
    throw httpException(500, 'Requests not allowed')
  const bytes = Buffer.from(toBase64(value), 'base64')
  try {
    const { width, height } = await sharp(bytes).metadata()
    if (width * height > MAX_PIXELS) throw new Error('too large')
  } catch {
    throw httpException(500, 'Invalid encoded image')
  }
  return bytes
}

/** Stores a picture under its content's hash. */
export async function storePicture(blobs: BlobStore, tenant: string, bytes: Uint8Array): Promise<BlobRef> {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return blobs.put(toInputKey(tenant, sha256), bytes, 'application/octet-stream')
}

function toBase64(text: string): string {
  if (!text.startsWith('data:image/')) return text
  const comma = text.split(';')[1]?.indexOf(',') ?? -1
  if (comma < 0) throw pythonException('IndexError', 'list index out of range')
  return text.slice(text.indexOf(';') + 1 + comma + 1)
}
