import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** SHA-256 of a whole file, lower-case hex; A1111's short hash is its first ten digits. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, {
    highWaterMark: 1024 * 1024,
    ...(signal ? { signal } : {}),
  })) {
    hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}
