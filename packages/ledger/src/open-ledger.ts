import type { LedgerEventListener } from './ledger-events.ts'
import type { LedgerSettings } from './ledger-settings.ts'
import type { LedgerStore } from './ledger-store.ts'
import type { NatsSettings } from './nats/settings.ts'

const BYTES_PER_GB = 1024 ** 3

/** What a program opens its ledger with. */
export interface OpenLedgerOptions {
  readonly settings: LedgerSettings
  /** Name of the program, shown by the broker. */
  readonly name: string
  /** Hears what a shared ledger meets; the embedded one tells nothing. */
  readonly onEvent?: LedgerEventListener
}

/**
 * Opens the ledger the settings ask for: NATS where ATELIER_NATS_URL names servers, otherwise the embedded one. The
 * other one's client or database is not even loaded.
 * @throws AtelierError `unavailable` when the data folder of the embedded one cannot be used; NATS is waited for
 */
export async function openLedger({ settings, name, onEvent }: OpenLedgerOptions): Promise<LedgerStore> {
  const servers = listServers(settings.ATELIER_NATS_URL)
  if (servers.length === 0) {
    const { openEmbeddedLedger } = await import('./embedded/index.ts')
    return openEmbeddedLedger({ folder: settings.ATELIER_DATA })
  }
  const { openNatsLedger } = await import('./nats/index.ts')
  return openNatsLedger({ settings: toNatsSettings(settings, servers, name), ...(onEvent && { onEvent }) })
}

function listServers(url: string | undefined): string[] {
  return (url ?? '').split(',').flatMap((part) => part.trim() || [])
}

function toNatsSettings(settings: LedgerSettings, servers: readonly string[], name: string): NatsSettings {
  const maxResults = settings.ATELIER_NATS_MAX_RESULTS_GB
  return {
    servers,
    name,
    user: settings.ATELIER_NATS_USER,
    password: settings.ATELIER_NATS_PASSWORD,
    token: settings.ATELIER_NATS_TOKEN,
    credentials: settings.ATELIER_NATS_CREDENTIALS,
    tlsCa: settings.ATELIER_NATS_TLS_CA,
    tlsCertificate: settings.ATELIER_NATS_TLS_CERTIFICATE,
    tlsKey: settings.ATELIER_NATS_TLS_KEY,
    prefix: settings.ATELIER_NATS_PREFIX,
    replicas: settings.ATELIER_NATS_REPLICAS,
    retentionHours: settings.ATELIER_NATS_RETENTION_HOURS,
    maxQueued: settings.ATELIER_MAX_QUEUED,
    maxResultBytes: maxResults === undefined ? -1 : Math.floor(maxResults * BYTES_PER_GB),
  }
}
