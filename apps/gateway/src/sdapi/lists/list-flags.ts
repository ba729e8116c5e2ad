import type { ExactObject, ExactValue } from '@atelier/catalog/exact-json'
import type { GatewayConfig } from '../../config.ts'
import { COMMAND_FLAGS } from './cmd-flags.data.ts'

/** Stands where a secret is set. */
const HIDDEN = '***'
/** The address that listens to all networks. */
const ALL_NETWORKS = '0.0.0.0'

/** The answer of GET /sdapi/v1/cmd-flags: A1111's flags with what this server's settings say of them. */
export function listFlags(config: GatewayConfig): ExactObject {
  const own: Readonly<Record<string, ExactValue>> = {
    listen: config.ATELIER_HOST === ALL_NETWORKS,
    port: String(config.ATELIER_PORT),
    server_name: config.ATELIER_HOST,
    api_auth: config.ATELIER_API_AUTH === undefined ? null : HIDDEN,
    cors_allow_origins: config.ATELIER_CORS_ALLOW_ORIGINS ?? null,
    cors_allow_origins_regex: config.ATELIER_CORS_ALLOW_ORIGINS_REGEX ?? null,
  }
  return new Map([...COMMAND_FLAGS].map(([name, value]) => [name, own[name] ?? value]))
}
