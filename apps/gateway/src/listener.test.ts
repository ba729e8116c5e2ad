import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openTestGateway } from './comfy/test-kit/test-gateway.ts'
import { listen } from './listener.ts'

describe('listen', () => {
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
      closeGraceMs: 50,
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
