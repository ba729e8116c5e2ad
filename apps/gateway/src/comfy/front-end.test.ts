import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createApp, type PortSurface } from '../app.ts'
import { parseGatewayConfig } from '../config.ts'
import type { GatewayEnv } from '../deps.ts'
import { createAuthenticator } from '../middleware/authenticate.ts'
import { openTestGateway, type TestGateway } from './test-kit/test-gateway.ts'

const PAGE = '<!doctype html><title>ComfyUI</title>'

describe('the front end', () => {
  let folder: string
  let root: string
  let gateway: TestGateway
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'atelier-front-end-'))
    root = join(folder, 'static')
    await mkdir(join(root, 'assets'), { recursive: true })
    await writeFile(join(root, 'index.html'), PAGE)
    await writeFile(join(root, 'assets', 'a b.js'), 'export {}')
    await writeFile(join(folder, 'secret.txt'), 'secret')
    gateway = await openTestGateway({ settings: { ATELIER_FRONT_END_ROOT: root } })
  })
  afterEach(async () => {
    await gateway.close()
    await rm(folder, { recursive: true })
  })

  const openPort = (surface: PortSurface, settings: Record<string, string> = {}): Hono<GatewayEnv> => {
    const config = parseGatewayConfig({ ATELIER_FRONT_END_ROOT: root, ...settings })
    const authenticate = createAuthenticator(config, () => undefined)
    return createApp({ deps: { ...gateway.deps, config }, surface, authenticate })
  }

  it('is the page of the ComfyUI port, and of that port alone', async () => {
    const page = await openPort('comfy').request('/')
    expect(page.headers.get('content-type')).toBe('text/html')
    expect(await page.text()).toBe(PAGE)
    expect(await (await openPort('sdapi').request('/')).text()).not.toBe(PAGE)
  })

  it('has its files answered with types browsers run, and once', async () => {
    await utimes(join(root, 'assets', 'a b.js'), 1_700_000_000, 1_700_000_000)
    const script = await openPort('comfy').request('/assets/a%20b.js')
    expect(await script.text()).toBe('export {}')
    expect(Object.fromEntries(script.headers)).toMatchObject({
      'content-type': 'application/javascript',
      'cache-control': 'no-cache',
      'last-modified': 'Tue, 14 Nov 2023 22:13:20 GMT',
    })
    const etag = script.headers.get('etag')!
    const again = await openPort('comfy').request('/assets/a%20b.js', { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
  })

  it('stands behind the routes', async () => {
    await writeFile(join(root, 'queue'), 'not the queue')
    const app = openPort('comfy')
    expect(await (await app.request('/queue')).json()).toEqual({ queue_running: [], queue_pending: [] })
    expect((await app.request('/interrupt')).status).toBe(404)
    expect((await app.request('/assets/none.js')).status).toBe(404)
    expect((await app.request('/assets')).status).toBe(404)
    expect((await app.request('/assets/a%20b.js', { method: 'POST' })).status).toBe(405)
  })

  it('leads nobody out of its folder', async () => {
    await symlink(join(folder, 'secret.txt'), join(root, 'link.txt'))
    await mkdir(join(folder, 'static-too'))
    await writeFile(join(folder, 'static-too', 'file.txt'), 'secret')
    const app = openPort('comfy')
    for (const path of [
      '/link.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/..%2fstatic-too%2ffile.txt',
      '/%00',
      '/%',
    ])
      expect((await app.request(path)).status, path).toBe(404)
  })

  it('is for those who may call, when others may not', async () => {
    const app = openPort('comfy', { ATELIER_API_AUTH: 'user:pass' })
    const refused = await app.request('/')
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toBe('Basic')
    const headers = { authorization: `Basic ${btoa('user:pass')}` }
    expect(await (await app.request('/', { headers })).text()).toBe(PAGE)
  })

  it('must be a folder with a page', () => {
    expect(() => parseGatewayConfig({ ATELIER_FRONT_END_ROOT: folder })).toThrow(
      'ATELIER_FRONT_END_ROOT: holds no index.html',
    )
  })
})
