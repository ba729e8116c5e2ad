import { readExactly, withOpenFile, type OpenFile } from '../checkpoint/read-bytes.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { decodePicture } from './decode-picture.ts'
import { EmbeddingError, type EmbeddingFile } from './textual-inversion.ts'
import { findHiddenData } from './hidden-data.ts'

/** Keyword of the PNG text chunk in which A1111 keeps an embedding: base64 of JSON. */
const KEYWORD = 'sd-ti-embedding'
const SIGNATURE = '\x89PNG\r\n\x1a\n'
/** 75 vectors 2,048 wide are about 3 MB of JSON. */
const MAX_CHUNK_BYTES = 64 * 1024 * 1024
const MAX_CHUNKS = 10_000

/** Why a picture is no embedding: most of them only show what the file of the same name does. */
export const NO_EMBEDDING = 'the picture carries no embedding'

/**
 * Reads the embedding that A1111 put into a picture: into a PNG's texts, or into the pixels of a PNG or WebP.
 * @throws CheckpointError for a broken picture, EmbeddingError when it carries no embedding
 */
export function readEmbeddingPicture(path: string): EmbeddingFile {
  const data = readText(path) ?? readPixels(path)
  if (data === undefined) throw new EmbeddingError(NO_EMBEDDING)
  const tensors = new Map<string, Tensor>()
  for (const [name, value] of Object.entries(toRecord(data['string_to_param']))) {
    const values = toRecord(value)['TORCHTENSOR']
    tensors.set(`string_to_param.${name}`, toTensor(values))
  }
  return { tensors, metadata: toTexts(data) }
}

function readText(path: string): Record<string, unknown> | undefined {
  const text = withOpenFile(path, findText)
  return text === undefined ? undefined : parseJson(Buffer.from(text, 'base64'), 'base64 of JSON')
}

function readPixels(path: string): Record<string, unknown> | undefined {
  const hidden = findHiddenData(decodePicture(path), path)
  return hidden === undefined ? undefined : parseJson(hidden, 'JSON')
}

/** The text chunk of a PNG; other pictures have none. */
function findText(file: OpenFile): string | undefined {
  if (readExactly(file, 0, Math.min(8, file.sizeBytes)).toString('latin1') !== SIGNATURE) return undefined
  let at = 8
  for (let chunk = 0; chunk < MAX_CHUNKS && at + 12 <= file.sizeBytes; chunk += 1) {
    const head = readExactly(file, at, 8)
    const length = head.readUInt32BE()
    if (head.toString('latin1', 4) === 'tEXt' && length <= MAX_CHUNK_BYTES) {
      const content = readExactly(file, at + 8, length)
      if (content.subarray(0, KEYWORD.length + 1).toString('latin1') === `${KEYWORD}\0`)
        return content.subarray(KEYWORD.length + 1).toString('latin1')
    }
    at += 12 + length
  }
  return undefined
}

function parseJson(bytes: Buffer, form: string): Record<string, unknown> {
  try {
    return toRecord(JSON.parse(bytes.toString('utf8')))
  } catch (cause) {
    throw new EmbeddingError(`the embedding in the picture is no ${form}`, { cause })
  }
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function toTensor(values: unknown): Tensor {
  const rows: unknown[] = Array.isArray(values) ? values : []
  const width = Array.isArray(rows[0]) ? rows[0].length : 0
  const flat = rows.flat() as unknown[]
  if (width === 0 || flat.length !== width * rows.length || !flat.every((value) => typeof value === 'number'))
    throw new EmbeddingError('the embedding in the picture is no table of numbers')
  return createTensor([rows.length, width], Float32Array.from(flat))
}

function toTexts(data: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
    ),
  )
}
