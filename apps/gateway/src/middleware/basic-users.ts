import { createHash, timingSafeEqual } from 'node:crypto'

/** What came of reading an `Authorization: Basic` header. */
export type BasicCheck = 'ok' | 'missing' | 'malformed' | 'wrong'

/** Reads `user:pass[,user:pass]` (A1111's --api-auth); throws Error naming the entry that has not exactly one colon. */
export function parseBasicUsers(text: string): ReadonlyMap<string, string> {
  const users = new Map<string, string>()
  for (const entry of text.split(',')) {
    const [user, password, ...rest] = entry.split(':')
    if (user === undefined || password === undefined || rest.length > 0) {
      throw new Error(`ATELIER_API_AUTH: "${entry}" is not user:password`)
    }
    users.set(user, password)
  }
  return users
}

/** Checks a header against the users, as FastAPI's HTTPBasic does: ASCII only, split at the first colon. */
export function checkBasicHeader(header: string | undefined, users: ReadonlyMap<string, string>): BasicCheck {
  const [scheme, value] = splitHeader(header)
  if (scheme !== 'basic' || value === '') return 'missing'
  const decoded = decodeAscii(value)
  const colon = decoded?.indexOf(':') ?? -1
  if (decoded === undefined || colon < 0) return 'malformed'
  const expected = users.get(decoded.slice(0, colon))
  // An unknown user costs the same comparison as a known one.
  const isEqual = equalsInConstantTime(decoded.slice(colon + 1), expected ?? '')
  return expected !== undefined && isEqual ? 'ok' : 'wrong'
}

/** The lower-case scheme and the rest of an Authorization header. */
export function splitHeader(header: string | undefined): [scheme: string, value: string] {
  const space = (header ?? '').indexOf(' ')
  if (header === undefined || space < 0) return [(header ?? '').toLowerCase(), '']
  return [header.slice(0, space).toLowerCase(), header.slice(space + 1).trim()]
}

/** Compares two texts without telling by time where they differ. */
function equalsInConstantTime(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

function decodeAscii(base64: string): string | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64) || base64.length % 4 !== 0) return undefined
  const bytes = Buffer.from(base64, 'base64')
  return bytes.every((byte) => byte < 0x80) ? bytes.toString('latin1') : undefined
}
