import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Counter, Registry } from 'prom-client'
import { afterEach, describe, expect, it } from 'vitest'
import { readRegistry, serveOperations, type Readiness } from './operations-server.ts'

describe('serveOperations', () => {
  const servers: Server[] = []
  afterEach(() => servers.splice(0).forEach((server) => server.close()))

  const open = async (readiness: Readiness = { ready: true }, readMetrics?: () => Promise<never>) => {
    const registry = new Registry()
    new Counter({ name: 'pictures_total', help: 'Pictures', registers: [registry] }).inc(3)
    const server = await serveOperations({
      host: '127.0.0.1',
      port: 0,
      readMetrics: readMetrics ?? (() => readRegistry(registry)),
      readReadiness: async () => readiness,
    })
    servers.push(server)
    const { port } = server.address() as AddressInfo
    return (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
  }

  it('shows metrics as Prometheus reads them', async () => {
    const get = await open()
    const answer = await get('/metrics')
    expect(answer.headers.get('content-type')).toContain('text/plain')
    expect(await answer.text()).toContain('# TYPE pictures_total counter\npictures_total 3')
  })

  it('is alive whether it is ready or not', async () => {
    const get = await open({ ready: false, reason: 'the ledger cannot be read' })
    expect((await get('/healthz')).status).toBe(200)
  })

  it('tells readiness by status, and the reason in words', async () => {
    const ready = await open()
    expect((await ready('/readyz')).status).toBe(200)
    const unready = await open({ ready: false, reason: 'the worker drains' })
    const answer = await unready('/readyz?verbose=1')
    expect([answer.status, await answer.text()]).toEqual([503, 'not ready: the worker drains\n'])
  })

  it('knows no other path', async () => {
    expect((await (await open())('/')).status).toBe(404)
  })

  it('answers 500 when metrics cannot be read, and goes on', async () => {
    const get = await open({ ready: true }, () => Promise.reject(new Error('broken gauge')))
    expect((await get('/metrics')).status).toBe(500)
    expect((await get('/healthz')).status).toBe(200)
  })

  it('rejects when its port is taken', async () => {
    const first = await serveOperations({
      host: '127.0.0.1',
      port: 0,
      readMetrics: () => readRegistry(new Registry()),
      readReadiness: async () => ({ ready: true }),
    })
    servers.push(first)
    const { port } = first.address() as AddressInfo
    await expect(
      serveOperations({
        host: '127.0.0.1',
        port,
        readMetrics: () => readRegistry(new Registry()),
        readReadiness: async () => ({ ready: true }),
      }),
    ).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
