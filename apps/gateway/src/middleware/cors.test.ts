import { readFileSync } from 'node:fs'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { GatewayEnv } from '../deps.ts'
import { comfyOrigin, isForeignToLoopback } from './comfy-origin.ts'
import { corsWebui, parseCorsOptions } from './cors-webui.ts'
import { refuseCrossSite } from './refuse-cross-site.ts'

interface Recorded {
  id: string
  request: { method: string; path: string; headers?: Record<string, string> }
  response: { status: number; headers: Record<string, string>; body?: unknown; text?: string }
}

const CORS_HEADERS = ['vary', 'access-control-'] as const
const recorded = readFileSync(new URL('__fixtures__/auth.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded)
  .filter(({ id }) => id.startsWith('cors-'))

const onlyCors = (headers: Iterable<[string, string]>) =>
  Object.fromEntries([...headers].filter(([name]) => CORS_HEADERS.some((start) => name.startsWith(start))))

describe('corsWebui', () => {
  const app = new Hono<GatewayEnv>()
  app.use(corsWebui(parseCorsOptions('https://app.example', String.raw`https://x\d\.example\.org`)))
  app.get('/sdapi/v1/samplers', (c) => c.json([]))

  it.each(recorded)('answers $id with the headers A1111 sent', async ({ request, response }) => {
    const answer = await app.request(request.path, { method: request.method, headers: request.headers ?? {} })
    expect(onlyCors(answer.headers)).toEqual(onlyCors(Object.entries(response.headers)))
    if (request.headers?.['Access-Control-Request-Method'] !== undefined) {
      expect(answer.status).toBe(response.status)
      expect(await answer.text()).toBe(response.text ?? response.body)
    }
  })
})

describe('isForeignToLoopback', () => {
  it.each([
    ['127.0.0.1:8188', 'http://localhost:8188', true],
    ['127.0.0.1:8188', 'http://127.0.0.1:8188', false],
    ['127.0.0.1:8188', 'http://127.0.0.1', false],
    ['127.0.0.1:8188', 'http://127.0.0.1:9999', true],
    ['localhost:8188', 'https://evil.example', true],
    ['[::1]:8188', 'http://[::1]:8188', false],
    ['atelier.example', 'https://evil.example', false],
    ['127.0.0.1:8188', 'null', true],
  ])('host %s, origin %s: %s', (host, origin, isForeign) => {
    expect(isForeignToLoopback(host, origin)).toBe(isForeign)
  })

  it('does not judge requests of programs, which send no origin', () => {
    expect(isForeignToLoopback('127.0.0.1:8188', undefined)).toBe(false)
  })
})

describe('comfyOrigin', () => {
  const appWith = (list?: string) => {
    const app = new Hono<GatewayEnv>()
    app.use(comfyOrigin(parseCorsOptions(list, undefined)))
    app.post('/prompt', (c) => c.json({}))
    return app
  }
  const headers = { host: '127.0.0.1:8188', origin: 'https://page.example' }

  it('refuses a foreign page with 403 and an empty body', async () => {
    const answer = await appWith().request('/prompt', { method: 'POST', headers })
    expect([answer.status, await answer.text()]).toEqual([403, ''])
  })

  it('lets an allowed origin in and names it', async () => {
    const answer = await appWith('https://page.example').request('/prompt', { method: 'POST', headers })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://page.example')
  })
})

describe('refuseCrossSite', () => {
  const app = new Hono<GatewayEnv>()
  app.use(refuseCrossSite(parseCorsOptions('https://friend.example', undefined)))
  app.all('/sdapi/v1/txt2img', (c) => c.json({}))
  const call = (method: string, headers: Record<string, string>) =>
    app.request('/sdapi/v1/txt2img', { method, headers })

  it('refuses a write that a foreign page makes a browser send', async () => {
    expect(
      (await call('POST', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' })).status,
    ).toBe(403)
  })

  it('lets reads, programs and allowed origins through', async () => {
    expect((await call('GET', { 'sec-fetch-site': 'cross-site' })).status).toBe(200)
    expect((await call('POST', {})).status).toBe(200)
    expect(
      (await call('POST', { 'sec-fetch-site': 'cross-site', origin: 'https://friend.example' })).status,
    ).toBe(200)
  })
})
