import { request } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GatewayEnv } from '../deps.ts'
import { limitBody } from './limit-body.ts'

describe('limitBody', () => {
  let server: Server
  beforeAll(async () => {
    const app = new Hono<GatewayEnv>()
    app.use(limitBody({ maxSizeFor: () => 10, onError: (c) => c.text('too large', 413) }))
    app.all('/', async (c) => c.text(`${(await c.req.arrayBuffer()).byteLength} bytes`))
    server = await new Promise<Server>((resolve) => {
      const bound: Server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(bound))
    })
  })
  afterAll(() => server.close())

  /** Sends parts: with a length when there is one, chunked otherwise. */
  const post = (parts: readonly string[], headers: Record<string, string> = {}) =>
    new Promise<string>((resolve, reject) => {
      const { port } = server.address() as AddressInfo
      const call = request({ port, host: '127.0.0.1', method: 'POST', headers }, (response) => {
        let text = ''
        response.on('data', (part: Buffer) => (text += part.toString()))
        response.on('end', () => resolve(`${response.statusCode} ${text}`))
      })
      call.on('error', reject)
      for (const part of parts) call.write(part)
      call.end()
    })

  it('lets through what says that it is small enough', async () => {
    expect(await post(['0123456789'], { 'content-length': '10' })).toBe('200 10 bytes')
  })

  it('refuses what says that it is larger, without reading it', async () => {
    expect(await post(['0123456789a'], { 'content-length': '11' })).toBe('413 too large')
  })

  it('counts what does not say', async () => {
    const chunked = { 'transfer-encoding': 'chunked' }
    expect(await post(['01234', '56789'], chunked)).toBe('200 10 bytes')
    expect(await post(['01234', '56789', 'a'], chunked)).toBe('413 too large')
  })

  it('lets a request without a body through', async () => {
    expect(await post([], { 'content-length': '0' })).toBe('200 0 bytes')
  })
})
