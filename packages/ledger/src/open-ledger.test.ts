import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ledgerSettings } from './ledger-settings.ts'
import { openLedger } from './open-ledger.ts'

const parse = (environment: Record<string, string>) => z.object(ledgerSettings).parse(environment)

describe('openLedger', () => {
  it('opens the embedded ledger where no server is named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'open-'))
    for (const url of [{}, { ATELIER_NATS_URL: ' , ' }]) {
      const store = await openLedger({ settings: parse({ ATELIER_DATA: folder, ...url }), name: 't' })
      expect(store.kind).toBe('embedded')
      await store.close()
    }
    expect(readdirSync(folder)).toContain('ledger.db')
    rmSync(folder, { recursive: true })
  })

  it('opens NATS where servers are named, without waiting for them or touching the data folder', async () => {
    const folder = join(tmpdir(), 'never-made')
    const environment = { ATELIER_DATA: folder, ATELIER_NATS_URL: 'nats://127.0.0.1:1' }
    const store = await openLedger({ settings: parse(environment), name: 't' })
    expect(store.kind).toBe('nats')
    await store.close()
    expect(() => readdirSync(folder)).toThrow('ENOENT')
  })
})

describe('settings of an S3 store', () => {
  const bucket = { ATELIER_S3_BUCKET: 'b' }
  const keys = { ATELIER_S3_ACCESS_KEY: 'k', ATELIER_S3_SECRET_KEY: 's' }
  const nats = { ATELIER_NATS_URL: 'nats://127.0.0.1:1' }
  const open = (environment: Record<string, string>) =>
    openLedger({ settings: parse(environment), name: 't' })

  it('need a cluster, and both keys', async () => {
    await expect(open({ ...bucket, ...keys })).rejects.toThrow('ATELIER_S3_BUCKET: needs ATELIER_NATS_URL')
    await expect(open({ ...bucket, ...nats, ATELIER_S3_ACCESS_KEY: 'k' })).rejects.toThrow(
      'ATELIER_S3_SECRET_KEY',
    )
    await (await open({ ...bucket, ...keys, ...nats })).close()
  })

  it('are nothing without a bucket', async () => {
    await (await open({ ...keys, ...nats })).close()
  })
})

describe('ledgerSettings', () => {
  it.each([
    { ATELIER_NATS_PREFIX: 'a.b' },
    { ATELIER_NATS_REPLICAS: '0' },
    { ATELIER_NATS_RETENTION_HOURS: '-1' },
    { ATELIER_NATS_MAX_RESULTS_GB: 'much' },
    { ATELIER_S3_ENDPOINT: 'ftp://store' },
    { ATELIER_S3_ENDPOINT: 'store:9000' },
    { ATELIER_S3_PREFIX: 'a/b' },
  ])('refuses %j', (environment) => {
    expect(z.object(ledgerSettings).safeParse(environment).success).toBe(false)
  })
})
