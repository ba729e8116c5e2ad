/**
 * A blob's key as stores take it that know printable ASCII alone: every other byte of its UTF-8 form, and "%", as "%XX".
 * No two keys become one.
 */
export function toPlainKey(key: string): string {
  return key.replace(/[^ -$&-~]+/g, (part) =>
    [...Buffer.from(part)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join(''),
  )
}
