import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import sharp from 'sharp'
import type { BlobRef } from '@atelier/proto'
import { toRequestKey, type BlobStore } from '@atelier/ledger'
import { toPythonTypeName, type ExactValue } from '@atelier/catalog/exact-json'
import {
  findPictureFormat,
  takePngOfIcon,
  type PictureFormat,
  type PictureSize,
} from '@atelier/catalog/pictures'
import { httpException, pythonException } from '../errors.ts'

/** Largest picture a request may carry, pixels: stops decompression bombs before anything is decoded. */
const MAX_PIXELS = 64 * 1024 * 1024

/** A picture of a request: its bytes, and its size in pixels. */
export interface RequestPicture {
  /** The file as it came, with what it says of itself, where `bytes` are another format of the picture, or of its part. */
  readonly sent?: Uint8Array
  readonly bytes: Uint8Array
  readonly width: number
  readonly height: number
}

/**
 * Takes a picture of a request: base64, bare or as a data URL.
 * @throws ApiError as A1111 answers for URLs (never fetched), for what is no picture and for one above 64 megapixels
 */
export async function readPicture(value: ExactValue): Promise<RequestPicture> {
  const { format, size, bytes, sent } = await openPicture(value)
  if (format !== undefined) return { sent, bytes: await toPng(format, sent), ...size }
  return { bytes, ...(bytes !== sent && { sent }), ...size }
}

/**
 * A picture of a request with its header alone read, as it was sent.
 * @throws ApiError as `readPicture`, but for a file that breaks off behind its header
 */
export async function openPicture(value: ExactValue): Promise<OpenedPicture> {
  if (typeof value !== 'string') {
    const type = toPythonTypeName(value)
    throw pythonException('AttributeError', `'${type}' object has no attribute 'startswith'`)
  }
  if (value.startsWith('http://') || value.startsWith('https://')) throw refuseUrl(value)
  const sent = Buffer.from(toBase64(value), 'base64')
  const opened = await openFile(sent)
  const { size } = opened
  if (size.width * size.height > MAX_PIXELS) {
    const given = `${size.width}x${size.height}`
    throw pythonException(
      'DecompressionBombError',
      `a picture may have at most ${MAX_PIXELS} pixels, got ${given}`,
    )
  }
  return { ...opened, sent }
}

/** A picture that sharp does not read as what workers read. @throws ApiError as Pillow fails where one breaks off */
async function toPng(format: PictureFormat, bytes: Buffer): Promise<Buffer> {
  try {
    const { data, ...raw } = format.read(bytes)
    return await sharp(data, { raw }).png({ compressionLevel: 1 }).toBuffer()
  } catch (cause) {
    throw pythonException('OSError', `image file is truncated or damaged: ${(cause as Error).message}`)
  }
}

/**
 * Refuses pictures that are too much together.
 * @throws ApiError as A1111's library fails for one that is too large
 */
export function refuseTooMany(pictures: readonly RequestPicture[]): void {
  const pixels = pictures.reduce((sum, { width, height }) => sum + width * height, 0)
  if (pixels <= MAX_PIXELS) return
  throw pythonException(
    'DecompressionBombError',
    `the pictures of a request may have at most ${MAX_PIXELS} pixels together, got ${pixels}`,
  )
}

/** A picture whose header was read. */
export interface OpenedPicture {
  readonly size: PictureSize
  /** How it is written, where sharp does not read it. */
  readonly format?: PictureFormat
  /** The file that holds it: what was sent, or the PNG in an icon. */
  readonly bytes: Buffer
  /** The file as it came. */
  readonly sent: Buffer
}

/** The header alone is read, so that what is too large is told with its size. */
async function openFile(sent: Buffer): Promise<Omit<OpenedPicture, 'sent'>> {
  try {
    const bytes = takePngOfIcon(sent) ?? sent
    const own = findPictureFormat(bytes)
    if (own !== undefined) return { size: own.measure(bytes), format: own, bytes }
    const { width, height, format } = await sharp(bytes, { limitInputPixels: false }).metadata()
    if (!FORMATS.has(format)) throw new Error(`${format} is not read`)
    return { size: { width, height }, bytes }
  } catch (cause) {
    throw httpException(500, 'Invalid encoded image', { cause })
  }
}

/** Formats that are read besides: pictures of pixels, never documents that draw (SVG, PDF). */
const FORMATS: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'gif', 'tiff', 'heif'])

/** Stores a picture under its content's hash. */
export async function storePicture(
  blobs: BlobStore,
  tenant: string,
  { bytes }: RequestPicture,
): Promise<BlobRef> {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return blobs.put(toRequestKey(tenant, sha256), bytes, 'application/octet-stream')
}

function toBase64(text: string): string {
  if (!text.startsWith('data:image/')) return text
  const data = text.split(';')[1]?.split(',')[1]
  if (data === undefined) throw pythonException('IndexError', 'list index out of range')
  return data
}

/** URLs are never fetched; addresses of this machine's own network are refused in the words for them. */
function refuseUrl(text: string): Error {
  const { host, hostname, username } = parseUrl(text)
  const isLocal = host !== hostname || username !== '' || hostname === 'localhost' || isLocalAddress(hostname)
  return httpException(500, isLocal ? 'Request to local resource not allowed' : 'Requests not allowed')
}

function parseUrl(text: string): URL {
  try {
    return new URL(text)
  } catch (cause) {
    throw httpException(500, 'Invalid image url', { cause })
  }
}

/** Addresses of the machine itself and of private networks. */
const LOCAL_ADDRESS =
  /^(0|10|127|169\.254|192\.168|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])|172\.(1[6-9]|2\d|3[01]))\./

function isLocalAddress(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return isIP(bare) === 6 || LOCAL_ADDRESS.test(bare)
}
