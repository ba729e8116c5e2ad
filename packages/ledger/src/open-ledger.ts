import type { LedgerEventListener } from './ledger-events.ts'
import type { LedgerSettings } from './ledger-settings.ts'
import type { LedgerStore } from './ledger-store.ts'
import { BLOB_MARGIN_HOURS } from './blob-store.ts'
import type { NatsSettings } from './nats/settings.ts'
import type { S3Settings } from './s3/settings.ts'

const BYTES_PER_GB = 1024 ** 3
const MS_PER_HOUR = 3_600_000

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
 * @throws Error that lists settings which do not go together
 * @throws AtelierError `unavailable` when the data folder of the embedded one cannot be used; NATS is waited for
 */
export async function openLedger({ settings, name, onEvent }: OpenLedgerOptions): Promise<LedgerStore> {
  const servers = listServers(settings.ATELIER_NATS_URL)
  const s3 = toS3Settings(settings)
  if (servers.length === 0) {
    if (s3 !== undefined)
      throw wrong('ATELIER_S3_BUCKET: needs ATELIER_NATS_URL: one machine keeps its pictures itself')
    const { openEmbeddedLedger } = await import('./embedded/index.ts')
    const retention = {
      jobsMs: toKeptMs(settings.ATELIER_RETENTION_HOURS),
      savedMs: toKeptMs(settings.ATELIER_SAVED_RETENTION_HOURS),
    }
    return openEmbeddedLedger({ folder: settings.ATELIER_DATA, retention })
  }
  const { openNatsLedger } = await import('./nats/index.ts')
  return openNatsLedger({
    ...{ settings: toNatsSettings(settings, servers, name), s3 },
    ...(onEvent && { onEvent }),
  })
}

/** How long something is kept, milliseconds, where no hours mean for ever. */
function toKeptMs(hours: number): number {
  return hours === 0 ? Infinity : hours * MS_PER_HOUR
}

function toS3Settings(settings: LedgerSettings): S3Settings | undefined {
  const {
    ATELIER_S3_BUCKET: bucket,
    ATELIER_S3_ACCESS_KEY: accessKey,
    ATELIER_S3_SECRET_KEY: secretKey,
  } = settings
  if (bucket === undefined) return undefined
  if (accessKey === undefined || secretKey === undefined)
    throw wrong('ATELIER_S3_ACCESS_KEY, ATELIER_S3_SECRET_KEY: both are needed with ATELIER_S3_BUCKET')
  return {
    ...{ bucket, accessKey, secretKey },
    endpoint: settings.ATELIER_S3_ENDPOINT,
    region: settings.ATELIER_S3_REGION,
    sessionToken: settings.ATELIER_S3_SESSION_TOKEN,
    prefix: settings.ATELIER_S3_PREFIX,
    keepMs: (settings.ATELIER_NATS_RETENTION_HOURS + BLOB_MARGIN_HOURS) * MS_PER_HOUR,
  }
}

function wrong(fault: string): Error {
  return new Error(`settings are wrong:\n  ${fault}`)
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
    nkey: settings.ATELIER_NATS_NKEY,
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
