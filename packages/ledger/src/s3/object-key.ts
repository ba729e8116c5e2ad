/**
 * A blob's key as an object's: letters, digits, "-", "_" and "." stay, every other byte is "~XX", and so are parts of
 * dots alone, which addresses would swallow. No two keys become one, and nothing in them needs escaping in an address.
 */
export function toObjectKey(key: string): string {
  return key.split('/').map(toPart).join('/')
}

function toPart(part: string): string {
  const safe = part.replace(/[^\w.-]+/g, escapeBytes)
  return /^\.*$/.test(safe) ? `~${safe.replaceAll('.', '2E~')}` : safe
}

function escapeBytes(text: string): string {
  return [...Buffer.from(text)].map((byte) => `~${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('')
}
