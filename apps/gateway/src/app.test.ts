import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createApp } from './app.ts'
import { createAuthenticator } from './middleware/authenticate.ts'
import { openTestGateway } from './comfy/test-kit/test-gateway.ts'

/** Methods and paths that are answered without credentials, by surface. */
async function listOpenRoutes(settings: Record<string, string>, surface: 'sdapi' | 'comfy') {
  const gateway = await openTestGateway({ settings })
  onTestFinished(() => gateway.close())
  const { deps } = gateway
  const authenticate = createAuthenticator(deps.config, () => undefined)
  const app = createApp({ deps, surface, authenticate })
  const routes = app.routes.filter(({ method, path }) => method !== 'ALL' && !path.includes('*'))
  const open: string[] = []
  for (const { method, path } of routes) {
    const answer = await app.request(path.replaceAll(/:\w+(\{[^}]*\})?/g, '1'), { method })
    if (answer.status !== 401) open.push(`${method} ${path}`)
  }
  expect(routes.length).toBeGreaterThan(100)
  return [...new Set(open)].sort()
}

describe('createApp', () => {
  it.each(['sdapi', 'comfy'] as const)(
    'asks for credentials on every route that tells anything: %s',
    async (surface) => {
      const folder = mkdtempSync(join(tmpdir(), 'atelier-keys-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      writeFileSync(join(folder, 'keys'), 'key-a studio\n')
      const open = [
        'GET /',
        'GET /app_id',
        'GET /atelier/v1/session',
        'GET /controlnet/version',
        'GET /docs',
        'GET /internal/ping',
        'GET /openapi.json',
        'POST /internal/progress',
      ]
      expect(await listOpenRoutes({ ATELIER_API_KEYS: join(folder, 'keys') }, surface)).toEqual(open)
      // As the original's extension does.
      expect(await listOpenRoutes({ ATELIER_API_AUTH: 'me:pass' }, surface)).toEqual(
        [...open, 'GET /sdapi/v1/loras', 'POST /sdapi/v1/refresh-loras'].sort(),
      )
    },
  )

  it('reads no body of who may not ask, and little of who may ask without a key', async () => {
    const gateway = await openTestGateway()
    onTestFinished(() => gateway.close())
    const app = createApp({
      deps: gateway.deps,
      surface: 'sdapi',
      authenticate: () => ({ refusal: 'Not authenticated' }),
    })
    const post = async (path: string) => {
      let sent = 0
      const part = new Uint8Array(16 * 1024)
      const pull = (controller: ReadableStreamDefaultController) => {
        sent += 1
        if (sent > 1_000) controller.close()
        else controller.enqueue(part)
      }
      const body = new ReadableStream({ pull }, { highWaterMark: 0 })
      const headers = { 'transfer-encoding': 'chunked' }
      const answer = await app.request(path, { method: 'POST', headers, body, duplex: 'half' })
      return [answer.status, sent]
    }
    expect(await post('/sdapi/v1/txt2img')).toEqual([401, 0])
    expect(await post('/prompt')).toEqual([401, 0])
    expect(await post('/nowhere')).toEqual([404, 0])
    expect(await post('/internal/progress')).toEqual([413, 5])
  })

  it('logs a body that breaks off, and tells its client nothing of the error', async () => {
    const gateway = await openTestGateway()
    onTestFinished(() => gateway.close())
    const lines: string[] = []
    const logger = pino({}, { write: (line: string) => void lines.push(line) })
    const deps = { ...gateway.deps, logger }
    const app = createApp({ deps, surface: 'comfy', authenticate: () => ({ tenant: 'a' }) })
    const body = new ReadableStream({
      start: (controller) => controller.error(new Error('the line went dead')),
    })
    const headers = { 'transfer-encoding': 'chunked' }
    const answer = await app.request('/prompt', { method: 'POST', headers, body, duplex: 'half' })
    expect([answer.status, await answer.text()]).toEqual([500, 'Internal Server Error'])
    expect(lines.join('')).toContain('the line went dead')
  })
})
