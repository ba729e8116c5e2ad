import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hasNatsServer, startNatsServer, type TestNatsServer } from '../test-kit/nats-server.ts'
import { claimAny, createTestJob, openTestStore, type TestStore } from '../test-kit/nats-stores.ts'
import { GONE_MS } from './presence.ts'
import type { NatsSettings } from './settings.ts'

const fixture = (name: string) => fileURLToPath(new URL(`__fixtures__/auth/${name}`, import.meta.url))

const TLS = {
  tlsCa: fixture('ca.pem'),
  tlsCertificate: fixture('client.pem'),
  tlsKey: fixture('client.key'),
}

describe.skipIf(!hasNatsServer())('a broker that asks who is there', () => {
  let folder: string
  let server: TestNatsServer | undefined
  const stores: TestStore[] = []
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nats-auth-'))
  })
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()))
    await server?.dispose()
    server = undefined
    rmSync(folder, { recursive: true, force: true })
  })

  const start = async (config: string): Promise<string> => {
    writeFileSync(join(folder, 'server.conf'), config)
    server = await startNatsServer({ args: ['-c', join(folder, 'server.conf')] })
    return server.url
  }
  const open = (url: string, more: Partial<NatsSettings>): TestStore => {
    const store = openTestStore(url, undefined, more)
    stores.push(store)
    return store
  }
  /** Whether a job gets through. */
  const submit = async (url: string, more: Partial<NatsSettings> = {}): Promise<string> => {
    const store = open(url, more)
    await store.ready()
    return (await store.jobs.submit(createTestJob())).kind
  }
  /** What a process that is not let in tells of it; its calls fail as unavailable meanwhile. */
  const refusal = async (url: string, more: Partial<NatsSettings>): Promise<string> => {
    const store = open(url, more)
    await expect(store.jobs.submit(createTestJob())).rejects.toMatchObject({ code: 'unavailable' })
    const told = () => store.events.find(({ kind }) => kind === 'refused')
    await expect.poll(told, { timeout: 15_000 }).toBeDefined()
    return String(told()?.cause)
  }

  it('takes user and password, apart from the address or in it', async () => {
    const url = await start('authorization { users: [ { user: "gate", password: "p@ss word" } ] }')
    expect(await submit(url, { user: 'gate', password: 'p@ss word' })).toBe('created')
    expect(await submit(url.replace('//', '//gate:p%40ss%20word@'))).toBe('created')
    expect(await refusal(url, { user: 'gate', password: 'guess' })).toMatch(/authorization violation/i)
  })

  it('takes a token', async () => {
    const url = await start('authorization { token: "s3cret" }')
    expect(await submit(url, { token: 's3cret' })).toBe('created')
    expect(await refusal(url, { token: 'guess' })).toMatch(/authorization violation/i)
  })

  it('takes an nkey', async () => {
    const url = await start(readFileSync(fixture('nkey.conf'), 'utf8'))
    expect(await submit(url, { nkey: fixture('user.nk') })).toBe('created')
    expect(await refusal(url, {})).toMatch(/authorization violation/i)
  })

  it('takes a .creds file, of an operator’s account with a bound, whose use is told', async () => {
    const url = await start(readFileSync(fixture('operator.conf'), 'utf8'))
    expect(await submit(url, { credentials: fixture('user.creds') })).toBe('created')
    const [account] = (await stores[0]?.readUse()) ?? []
    expect(account).toMatchObject({ name: "the broker's account", limitBytes: 100 * 1024 ** 2 })
    expect(account?.usedBytes).toBeGreaterThan(0)
  })

  it('says which file is missing or holds no key', async () => {
    const url = await start('authorization { token: "s3cret" }')
    expect(await refusal(url, { credentials: join(folder, 'none.creds') })).toContain('none.creds')
    writeFileSync(join(folder, 'empty.nk'), 'no seed\n')
    expect(await refusal(url, { nkey: join(folder, 'empty.nk') })).toContain('empty.nk holds no nkey seed')
  }, 30_000)

  it('takes TLS with an authority and a client certificate of its own', async () => {
    const files = `cert_file: "${fixture('server.pem')}", key_file: "${fixture('server.key')}"`
    const url = await start(`tls { ${files}, ca_file: "${fixture('ca.pem')}", verify: true }`)
    expect(await submit(url, TLS)).toBe('created')
    expect(await submit(url.replace('nats:', 'tls:'), TLS)).toBe('created')
    // A server nobody vouches for.
    const { tlsCa: _, ...untrusting } = TLS
    expect(await refusal(url, untrusting)).toMatch(/certificate|self.signed|issuer/i)
    // A client the server's authority does not know: the server closes, and the client hears nothing more.
    const stranger = { tlsCertificate: fixture('stranger.pem'), tlsKey: fixture('stranger.key') }
    expect(await refusal(url, { ...TLS, ...stranger })).toContain('timeout')
  }, 60_000)

  it('takes user and password over TLS', async () => {
    const tls = `tls { cert_file: "${fixture('server.pem')}", key_file: "${fixture('server.key')}" }`
    const url = await start(`${tls}\nauthorization { users: [ { user: "gate", password: "p" } ] }`)
    expect(await submit(url, { tlsCa: TLS.tlsCa, user: 'gate', password: 'p' })).toBe('created')
  })

  it('a worker that may not answer under its name keeps its jobs by their leases, and says so', async () => {
    const permissions = `publish: ">", subscribe: { deny: ["*.holder.>"] }`
    const worker = `{ user: "worker", password: "p", permissions: { ${permissions} } }`
    const url = await start(`authorization { users: [ ${worker}, { user: "gate", password: "p" } ] }`)
    const observer = open(url, { user: 'gate', password: 'p' })
    await observer.ready()
    await observer.jobs.submit(createTestJob())
    const holder = openTestStore(url, observer.settings.prefix, { user: 'worker', password: 'p' })
    stores.push(holder)
    const { record } = await claimAny(holder, 'w1')
    expect([record.holder, holder.events.map(({ kind }) => kind)]).toEqual([
      '',
      expect.arrayContaining(['not-heard']),
    ])
    await observer.jobs.list({ limit: 1 })
    for (let looks = 0; looks < 2; looks += 1) {
      expect(await observer.jobs.recover()).toBe(0)
      observer.advance(GONE_MS)
    }
  })
})
