import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { CheckpointError } from './checkpoint-error.ts'

/** One read takes at most this many bytes; the system's limit is just below 2 GiB. */
const MAX_READ_BYTES = 2 ** 30

/** A weight file held open for reading. */
export interface OpenFile {
  readonly path: string
  readonly descriptor: number
  readonly sizeBytes: number
}

/**
 * Opens a weight file for as long as `use` takes.
 * @throws CheckpointError `unreadable` when the system refuses
 */
export function withOpenFile<T>(path: string, use: (file: OpenFile) => T): T {
  const descriptor = openDescriptor(path)
  try {
    return use({ path, descriptor, sizeBytes: fstatSync(descriptor).size })
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Reads exactly `length` bytes; nothing is allocated for bytes that the file does not have.
 * @throws CheckpointError `malformed` when the file ends before
 */
export function readExactly(file: OpenFile, position: number, length: number): Buffer {
  const { path, descriptor, sizeBytes } = file
  if (position + length > sizeBytes) {
    throw new CheckpointError(
      'malformed',
      path,
      `it ends at byte ${sizeBytes}, before byte ${position + length} that it promises`,
    )
  }
  const bytes = Buffer.allocUnsafe(length)
  for (let done = 0; done < length;) {
    const wanted = Math.min(length - done, MAX_READ_BYTES)
    const count = readSync(descriptor, bytes, done, wanted, position + done)
    if (count === 0)
      throw new CheckpointError('malformed', path, `it ends at byte ${position + done}, inside a tensor`)
    done += count
  }
  return bytes
}

/** Reads up to `length` bytes: fewer where the file ends, none beyond its end. */
export function readUpTo(file: OpenFile, position: number, length: number): Buffer {
  const from = Math.min(position, file.sizeBytes)
  return readExactly(file, from, Math.min(length, file.sizeBytes - from))
}

function openDescriptor(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    throw new CheckpointError('unreadable', path, `it cannot be opened: ${(cause as Error).message}`, {
      cause,
    })
  }
}
