import type { NatsSettings } from '../nats/settings.ts'

/** Settings for a test's own corner of a server. */
export function toTestSettings(url: string, prefix: string, more: Partial<NatsSettings> = {}): NatsSettings {
  return {
    servers: url.split(','),
    name: prefix,
    prefix,
    retentionHours: 24,
    maxQueued: 1_000,
    maxResultBytes: -1,
    ...more,
  }
}
