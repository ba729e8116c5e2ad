import { AtelierError } from '../errors.ts'

/** Longest text that becomes part of a key, bytes; subjects share a protocol line of 4 KiB. */
const MAX_BYTES = 1_500

/** Any text as one part of a key: base64url, so that it can be read back. */
export function toToken(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length > MAX_BYTES)
    throw new AtelierError(
      'invalid-request',
      `a name has ${bytes.length} bytes, at most ${MAX_BYTES} are taken`,
    )
  // An empty part is not allowed in a key.
  return `=${bytes.toString('base64url')}`
}

/** The text of a part. */
export function fromToken(token: string): string {
  return Buffer.from(token.slice(1), 'base64url').toString()
}
