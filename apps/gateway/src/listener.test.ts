import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openTestGateway } from './comfy/test-kit/test-gateway.ts'
import { listen } from './listener.ts'

/** Opens a port whose requests wait until they are let through. */
async function listenSlowly(drainSeconds: number) {
  const gateway = await openTestGateway()
  onTestFinished(() => gateway.close())
  const gate: { open: () => void } = { open: () => undefined }
  const opened = new Promise<void>((resolve) => (gate.open = resolve))
  const arrivals: string[] = []
  const listener = await listen({
    deps: { ...gateway.deps, config: { ...gateway.deps.config, ATELIER_DRAIN_SECONDS: drainSeconds } },
    surface: 'comfy',
    port: 0,
    authenticate: () => ({ tenant: 'a' }),
    async timeRequests(c, next) {
      arrivals.push(c.req.path)
      await opened
      return next()
    },
    hub: { handleConnection: () => undefined },
  })
  const client = connect(listener.port, '127.0.0.1')
  let answer = ''
  client.on('data', (part: Buffer) => (answer += part.toString()))
  client.write('GET /queue HTTP/1.1\r\nhost: localhost\r\n\r\n')
  while (arrivals.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  return { listener, gate, client, answer: () => answer }
}

describe('listen', () => {
  it('lets a request that runs end after its port was closed, and its connection with it', async () => {
    const { listener, gate, client, answer } = await listenSlowly(600)
    const closed = listener.close()
    const gone = once(client, 'close')
    gate.open()
    await Promise.all([gone, closed])
    expect(answer()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(answer()).toMatch(/connection: close/i)
  })

  it('ends a request that takes longer than it may when its port is closed', async () => {
    const { listener, client, answer } = await listenSlowly(0.05)
    await Promise.all([once(client, 'close'), listener.close()])
    expect(answer()).toBe('')
  })

  it('does not wait for a websocket whose client does not answer', async () => {
    const gateway = await openTestGateway()
    onTestFinished(() => gateway.close())
    const listener = await listen({
      deps: gateway.deps,
      surface: 'comfy',
      port: 0,
      authenticate: () => ({ tenant: 'a' }),
      timeRequests: (_c, next) => next(),
      hub: { handleConnection: () => undefined },
      socketGraceMs: 50,
    })
    const client = connect(listener.port, '127.0.0.1')
    const lines = ['GET /ws HTTP/1.1', 'host: localhost', 'connection: Upgrade', 'upgrade: websocket']
    const key = Buffer.alloc(16).toString('base64')
    client.write([...lines, 'sec-websocket-version: 13', `sec-websocket-key: ${key}`, '', ''].join('\r\n'))
    await once(client, 'data')
    expect(listener.countSockets()).toBe(1)
    const closed = listener.close()
    // The client reads its close frame, and says nothing to it.
    await once(client, 'close')
    await closed
  })
})
