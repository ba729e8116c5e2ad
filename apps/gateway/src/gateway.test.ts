import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LedgerStore } from '@atelier/ledger'
import { openEmbeddedLedger } from '@atelier/ledger/embedded'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { parseGatewayConfig } from './config.ts'
import { startGateway, type Gateway } from './gateway.ts'

const occupy = (port = 0) =>
  new Promise<Server>((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
const release = (server: Server) => new Promise<void>((resolve) => server.close(() => resolve()))
const portOf = (server: Server) => (server.address() as AddressInfo).port

/** Ports that were free a moment ago. */
async function findPorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => occupy()))
  const ports = servers.map(portOf)
  await Promise.all(servers.map(release))
  return ports
}

describe('a gateway', () => {
  let folder: string
  let store: LedgerStore
  let gateway: Gateway | undefined
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'atelier-gateway-'))
    store = await openEmbeddedLedger({ folder })
  })
  afterEach(async () => {
    await gateway?.close()
    gateway = undefined
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  const start = async (settings: Record<string, number | string>) => {
    const config = parseGatewayConfig({
      ...{ ATELIER_DATA: folder, ATELIER_PORT: '0', ATELIER_COMFY_PORT: '0', ATELIER_METRICS_PORT: '0' },
      ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
    })
    gateway = await startGateway({ config, store, logger: pino({ level: 'silent' }) })
    await gateway.whenRead
    return gateway
  }
  const ask = (port: number | undefined, path: string) => fetch(`http://127.0.0.1:${port}${path}`)

  it('answers each surface at its port, and every route at both', async () => {
    const [sdapi, comfy] = await findPorts(2)
    const { ports } = await start({ ATELIER_PORT: sdapi!, ATELIER_COMFY_PORT: comfy! })
    expect(ports).toEqual({ sdapi, comfy })
    for (const port of [sdapi, comfy]) {
      expect((await ask(port, '/sdapi/v1/samplers')).status).toBe(200)
      expect((await ask(port, '/queue')).status).toBe(200)
    }
    // The originals answer unknown paths each in its own way.
    expect(await (await ask(sdapi, '/nothing')).json()).toEqual({ detail: 'Not Found' })
    expect(await (await ask(comfy, '/nothing')).text()).toBe('')
  })

  it('leaves a port out that is switched off', async () => {
    const [comfy] = await findPorts(1)
    expect((await start({ ATELIER_COMFY_PORT: comfy! })).ports).toEqual({ comfy })
  })

  it('leaves nothing open when a port is taken', async () => {
    const [sdapi] = await findPorts(1)
    const taken = await occupy()
    const starting = start({ ATELIER_PORT: sdapi!, ATELIER_COMFY_PORT: portOf(taken) })
    await expect(starting).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await release(taken)
    await release(await occupy(sdapi))
  })

  it('shows its metrics and whether it takes work at a port of their own', async () => {
    const [sdapi, metrics] = await findPorts(2)
    await start({ ATELIER_PORT: sdapi!, ATELIER_METRICS_PORT: metrics! })
    await ask(sdapi, '/sdapi/v1/samplers')
    expect((await ask(metrics, '/readyz')).status).toBe(200)
    const text = await (await ask(metrics, '/metrics')).text()
    expect(text).toMatch(/atelier_gateway_request_seconds_count\{.*route="\/sdapi\/v1\/samplers".*\} 1/)
  })

  it('takes no work while its ledger cannot be reached', async () => {
    const [sdapi] = await findPorts(1)
    const { operations } = await start({ ATELIER_PORT: sdapi! })
    expect(await operations.readReadiness()).toEqual({ ready: true })
    const { documents } = store
    const read = documents.read.bind(documents)
    documents.read = () => Promise.reject(new Error('the disk is gone'))
    expect(await operations.readReadiness()).toMatchObject({ ready: false })
    documents.read = read
    expect(await operations.readReadiness()).toEqual({ ready: true })
  })

  it('says goodbye to sockets when it stops, and takes no more work', async () => {
    const [comfy] = await findPorts(1)
    const { operations, close } = await start({ ATELIER_COMFY_PORT: comfy! })
    const socket = new WebSocket(`ws://127.0.0.1:${comfy}/ws`)
    await new Promise((resolve) => socket.once('message', resolve))
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    gateway = undefined
    await close()
    // The service restarts: clients connect again.
    expect(await closed).toBe(1012)
    expect(await operations.readReadiness()).toEqual({ ready: false, reason: 'the gateway stops' })
    await expect(ask(comfy, '/queue')).rejects.toThrow()
  })
})
