import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApp, type PortSurface } from '../app.ts'
import { parseGatewayConfig } from '../config.ts'
import { createAuthenticator } from '../middleware/authenticate.ts'
import { openTestGateway, type TestGateway } from '../sdapi/test-kit/test-gateway.ts'
import { readConsoleFiles } from './console-files.ts'

const PAGE = '<!doctype html><title>Atelier</title>'

describe('the web page', () => {
  let root: string
  let gateway: TestGateway
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'atelier-console-'))
    await mkdir(join(root, 'console', 'assets'), { recursive: true })
    await writeFile(join(root, 'index.html'), PAGE)
    await writeFile(join(root, '.sources'), 'not for the web')
    await writeFile(join(root, 'console', 'assets', 'index-abc.js'), 'export {}')
    gateway = await openTestGateway()
  })
  afterAll(async () => {
    await gateway.close()
    await rm(root, { recursive: true })
  })

  const openPort = async (surface: PortSurface = 'sdapi', settings: Record<string, string> = {}) => {
    const config = parseGatewayConfig({ ATELIER_CONSOLE_ROOT: root, ...settings })
    const files = config.ATELIER_CONSOLE_ROOT && (await readConsoleFiles(config.ATELIER_CONSOLE_ROOT))
    const deps = { ...gateway.deps, config, ...(files && { console: files }) }
    return createApp({ deps, surface, authenticate: createAuthenticator(config, () => undefined) })
  }

  it('is at / and at /console of both ports, with a policy that lets it talk to its own server alone', async () => {
    for (const surface of ['sdapi', 'comfy'] as const)
      for (const path of ['/', '/console']) {
        const answer = await (await openPort(surface)).request(path)
        expect(await answer.text()).toBe(PAGE)
        expect(answer.headers.get('content-security-policy')).toMatch(
          /default-src 'none'; script-src 'self'; style-src 'self';.*connect-src 'self'/,
        )
        expect(answer.headers.get('cache-control')).toBe('no-cache')
      }
  })

  it('is asked about again, its files never', async () => {
    const app = await openPort()
    const page = await app.request('/')
    const headers = { 'if-none-match': page.headers.get('etag')! }
    expect((await app.request('/', { headers })).status).toBe(304)
    const script = await app.request('/console/assets/index-abc.js')
    expect([await script.text(), script.headers.get('content-type')]).toEqual([
      'export {}',
      'text/javascript; charset=utf-8',
    ])
    expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  })

  it('serves nothing but its files', async () => {
    const app = await openPort()
    for (const path of ['none.js', '..%2f..%2f.sources', '..%2findex.html', '%00'])
      expect((await app.request(`/console/assets/${path}`)).status, path).toBe(404)
    expect((await app.request('/.sources')).status).toBe(404)
    expect((await app.request('/console/assets/index-abc.js', { method: 'POST' })).status).toBe(405)
  })

  it('opens without a key, which it asks for itself', async () => {
    const app = await openPort('sdapi', { ATELIER_API_AUTH: 'me:pass' })
    for (const path of ['/', '/console', '/console/assets/index-abc.js'])
      expect((await app.request(path)).status).toBe(200)
    expect((await app.request('/atelier/v1/workers')).status).toBe(401)
  })

  it("leaves / of the ComfyUI port to ComfyUI's own front end", async () => {
    const own = await mkdtemp(join(tmpdir(), 'atelier-comfy-page-'))
    await writeFile(join(own, 'index.html'), 'ComfyUI')
    const app = await openPort('comfy', { ATELIER_FRONT_END_ROOT: own })
    expect(await (await app.request('/')).text()).toBe('ComfyUI')
    expect(await (await app.request('/console')).text()).toBe(PAGE)
    await rm(own, { recursive: true })
  })

  it('gives way to a page that tells what answers here when it is switched off or not built', async () => {
    const app = await openPort('sdapi', { ATELIER_CONSOLE_ROOT: 'none' })
    expect(await (await app.request('/')).text()).toContain('AUTOMATIC1111 WebUI API')
    expect((await app.request('/console')).status).toBe(404)
    expect(await readConsoleFiles(join(root, 'no-such-folder'))).toBeUndefined()
  })

  it('must be a folder with a page where one is named', () => {
    expect(() => parseGatewayConfig({ ATELIER_CONSOLE_ROOT: join(root, 'console') })).toThrow(
      'ATELIER_CONSOLE_ROOT: holds no index.html',
    )
  })
})
