import { createHash } from 'node:crypto'
import { readUpTo, withOpenFile } from '../engine/checkpoint/read-bytes.ts'
import type { TensorEntry } from '../engine/checkpoint/weight-file.ts'
import type { FoundFile } from './list-files.ts'

/** Files up to this are read whole, bytes: most LoRAs and embeddings. */
const WHOLE_BYTES = 16 * 1024 * 1024
/** Bytes of a larger file's start: the whole header of most files. */
const START_BYTES = 64 * 1024
/** Samples of a larger file's weights; a disk with heads reads as many in about two seconds. */
const MAX_SAMPLES = 256
/** Bytes of one sample. */
const SAMPLE_BYTES = 256

/**
 * What a file is known by wherever it lies: the same content has the same identity on every worker, at once, while
 * the SHA-256 of gigabytes is still being computed. Checkpoints of one kind agree in size and header, so weights are
 * sampled: in the middle of evenly chosen tensors, or, where no table of contents can be read, evenly over the file.
 * @param tensors of the file, where its table of contents could be read
 * @returns hex digits; none for a file that cannot be read
 */
export function identifyFile(
  { path, sizeBytes }: Pick<FoundFile, 'path' | 'sizeBytes'>,
  tensors: Iterable<TensorEntry> = [],
): string {
  const hash = createHash('sha256').update(String(sizeBytes))
  try {
    withOpenFile(path, (file) => {
      for (const { at, length } of chooseParts(sizeBytes, tensors)) hash.update(readUpTo(file, at, length))
    })
  } catch {
    return ''
  }
  return hash.digest('hex')
}

interface Part {
  readonly at: number
  readonly length: number
}

function chooseParts(sizeBytes: number, tensors: Iterable<TensorEntry>): Part[] {
  if (sizeBytes <= WHOLE_BYTES) return [{ at: 0, length: sizeBytes }]
  const filled = [...tensors].filter(({ byteLength }) => byteLength > 0)
  const places = filled.length > 0 ? filled : [{ offset: 0, byteLength: sizeBytes }]
  return [{ at: 0, length: START_BYTES }, ...sample(places)]
}

/** Evenly chosen places within the tensors, in the order of the file. */
function sample(tensors: readonly { readonly offset: number; readonly byteLength: number }[]): Part[] {
  const ordered = [...tensors].sort((a, b) => a.offset - b.offset)
  return Array.from({ length: MAX_SAMPLES }, (_, i) => {
    const place = ((i + 0.5) / MAX_SAMPLES) * ordered.length
    const { offset, byteLength } = ordered[Math.floor(place)]!
    const length = Math.min(SAMPLE_BYTES, byteLength)
    return { at: offset + Math.floor((place % 1) * (byteLength - length)), length }
  })
}
