import type { GatewayConfig } from '../config.ts'
import { openApiKeys, type ApiKeys } from './api-keys.ts'
import { checkBasicHeader, parseBasicUsers, splitHeader, type BasicCheck } from './basic-users.ts'

/** The tenant of an open gateway. */
export const OPEN_TENANT = 'open'

/** Who is asking: a tenant, or why not (A1111's words for each reason are in REASONS). */
export type Identity = { readonly tenant: string } | { readonly refusal: string }

const REASONS: Record<Exclude<BasicCheck, 'ok'>, string> = {
  missing: 'Not authenticated',
  malformed: 'Invalid authentication credentials',
  wrong: 'Incorrect username or password',
}

/** Credentials as a request carries them. */
export interface Credentials {
  readonly authorization: string | undefined
  readonly apiKey: string | undefined
  /** `?token=`, for clients that cannot set headers (websockets, image tags). */
  readonly token: string | undefined
}

/** Decides who asks. */
export type Authenticator = (credentials: Credentials) => Identity

/** Builds the authenticator the settings ask for: key file, A1111 basic users, or one open tenant. */
export function createAuthenticator(config: GatewayConfig, onFault: (fault: unknown) => void): Authenticator {
  if (config.ATELIER_API_KEYS !== undefined)
    return byKey(openApiKeys(config.ATELIER_API_KEYS, Date.now, onFault))
  if (config.ATELIER_API_AUTH !== undefined) return byUser(parseBasicUsers(config.ATELIER_API_AUTH))
  return () => ({ tenant: OPEN_TENANT })
}

function byUser(users: ReadonlyMap<string, string>): Authenticator {
  return ({ authorization, token }) => {
    const header = authorization ?? (token === undefined ? undefined : `Basic ${token}`)
    const check = checkBasicHeader(header, users)
    return check === 'ok' ? { tenant: OPEN_TENANT } : { refusal: REASONS[check] }
  }
}

function byKey(keys: ApiKeys): Authenticator {
  return (credentials) => {
    const presented = presentedKeys(credentials)
    if (presented.length === 0) return { refusal: REASONS.missing }
    for (const key of presented) {
      const tenant = keys.tenantOf(key)
      if (tenant !== undefined) return { tenant }
    }
    return { refusal: REASONS.wrong }
  }
}

/** Keys come as a bearer token, as user or password of basic credentials, in X-API-Key or as ?token=. */
function presentedKeys({ authorization, apiKey, token }: Credentials): string[] {
  const keys = [apiKey, token].filter((key) => key !== undefined && key !== '') as string[]
  const [scheme, value] = splitHeader(authorization)
  if (scheme === 'bearer' && value !== '') keys.push(value)
  if (scheme === 'basic' && value !== '') {
    const decoded = Buffer.from(value, 'base64').toString('utf8')
    const colon = decoded.indexOf(':')
    keys.push(
      ...[decoded.slice(colon + 1), colon < 0 ? '' : decoded.slice(0, colon)].filter((key) => key !== ''),
    )
  }
  return keys
}
