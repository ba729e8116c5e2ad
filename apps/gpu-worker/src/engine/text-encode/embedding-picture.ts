import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import { readExactly, withOpenFile, type OpenFile } from '../checkpoint/read-bytes.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { EmbeddingFile } from './embedding-file.ts'
import { EmbeddingError } from './textual-inversion.ts'

/** Keyword of the PNG text chunk in which A1111 keeps an embedding: base64 of JSON. */
const KEYWORD = 'sd-ti-embedding'
const SIGNATURE = '\x89PNG\r\n\x1a\n'
/** 75 vectors 2,048 wide are about 3 MB of JSON. */
const MAX_CHUNK_BYTES = 64 * 1024 * 1024
const MAX_CHUNKS = 10_000

/**
 * Reads the embedding that A1111 put into a PNG picture's texts.
 * @throws CheckpointError for a broken picture, EmbeddingError when it carries no embedding
 */
export function readEmbeddingPicture(path: string): EmbeddingFile {
  const text = withOpenFile(path, findText)
  if (text === undefined) throw new EmbeddingError('the picture carries no embedding')
  const data = parseJson(text)
  const tensors = new Map<string, Tensor>()
  for (const [name, value] of Object.entries(toRecord(data['string_to_param']))) {
    const values = toRecord(value)['TORCHTENSOR']
    tensors.set(`string_to_param.${name}`, toTensor(values))
  }
  return { tensors, metadata: toTexts(data) }
}

/** Whether a picture carries an embedding, by its first bytes: A1111 writes texts before pixels. */
export function hasEmbedding(path: string): boolean {
  try {
    return withOpenFile(path, (file) =>
      readExactly(file, 0, Math.min(file.sizeBytes, 4_096)).includes(`tEXt${KEYWORD}\0`),
    )
  } catch {
    return false
  }
}

function findText(file: OpenFile): string | undefined {
  if (readExactly(file, 0, Math.min(8, file.sizeBytes)).toString('latin1') !== SIGNATURE)
    throw new CheckpointError('malformed', file.path, 'it is no PNG picture')
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

function parseJson(text: string): Record<string, unknown> {
  try {
    return toRecord(JSON.parse(Buffer.from(text, 'base64').toString('utf8')))
  } catch (cause) {
    throw new EmbeddingError('the embedding in the picture is no base64 of JSON', { cause })
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
