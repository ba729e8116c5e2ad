import { createHash } from 'node:crypto'
import { closeSync, createReadStream, openSync, readSync } from 'node:fs'

/** SHA-256 of a file from a byte on, lower-case hex; of a whole one, A1111's short hash is its first ten digits. */
export async function hashFile(path: string, signal?: AbortSignal, start = 0): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, {
    ...{ highWaterMark: 1024 * 1024, start },
    ...(signal ? { signal } : {}),
  })) {
    hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}

/** SHA-256 of what follows the header of a `.safetensors` file, and of all of any other (A1111's LoRA hash). */
export async function hashContent(path: string, signal?: AbortSignal): Promise<string> {
  const start = path.toLowerCase().endsWith('.safetensors') ? readHeaderEnd(path) : 0
  return hashFile(path, signal, start)
}

function readHeaderEnd(path: string): number {
  const length = Buffer.alloc(8)
  const descriptor = openSync(path, 'r')
  try {
    readSync(descriptor, length, 0, length.length, 0)
  } finally {
    closeSync(descriptor)
  }
  return length.length + Number(length.readBigUInt64LE())
}
