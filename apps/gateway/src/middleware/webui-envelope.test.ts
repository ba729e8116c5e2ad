import { gunzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { GatewayEnv } from '../deps.ts'
import { gzipLargeBodies, processTime } from './webui-envelope.ts'

const app = new Hono<GatewayEnv>()
app.use(processTime(), gzipLargeBodies())
app.get('/small', (c) => c.json('x'.repeat(997)))
app.get('/large', (c) => c.json('x'.repeat(998)))
app.get('/broken', () => {
  throw new Error('no')
})
app.onError((_error, c) => c.json({}, 500))
const accepting = { headers: { 'accept-encoding': 'gzip, deflate' } }

describe('gzipLargeBodies', () => {
  it('compresses 1000 bytes and more for a client that accepts it', async () => {
    const answer = await app.request('/large', accepting)
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString()).toBe(`"${'x'.repeat(998)}"`)
  })

  it('leaves smaller bodies and other clients alone', async () => {
    expect((await app.request('/small', accepting)).headers.get('content-encoding')).toBeNull()
    const plain = await app.request('/large')
    expect(plain.headers.get('content-encoding')).toBeNull()
    expect(await plain.json()).toHaveLength(998)
  })
})

describe('processTime', () => {
  it('adds the seconds taken, but not to unexpected failures', async () => {
    expect((await app.request('/small')).headers.get('x-process-time')).toMatch(/^\d+(\.\d{1,4})?$/)
    expect((await app.request('/broken')).headers.get('x-process-time')).toBeNull()
  })
})
