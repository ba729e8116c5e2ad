import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseGatewayConfig } from './config.ts'

describe('the settings of a gateway', () => {
  let page: string
  let empty: string
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'atelier-config-'))
    page = join(folder, 'page')
    empty = join(folder, 'empty')
    await Promise.all([mkdir(page), mkdir(empty)])
    await writeFile(join(page, 'index.html'), '')
  })
  afterAll(() => rm(join(page, '..'), { recursive: true, force: true }))

  // README.md and DESIGN.md say these to users.
  it('are those of one machine where nothing is said', () => {
    expect(parseGatewayConfig({})).toMatchObject({
      ...{
        ATELIER_HOST: '127.0.0.1',
        ATELIER_PORT: 7860,
        ATELIER_COMFY_PORT: 8188,
        ATELIER_METRICS_PORT: 9464,
      },
      ...{ ATELIER_DATA: 'data', ATELIER_PREVIEW_METHOD: 'none', ATELIER_LOG_LEVEL: 'info' },
      ATELIER_CANCEL_ON_DISCONNECT: false,
    })
    expect(Object.keys(parseGatewayConfig({}))).not.toContain('ATELIER_API_KEYS')
  })

  it.each([
    [{ ATELIER_PORT: '0' }, { ATELIER_PORT: 0 }],
    [{ ATELIER_MAX_BODY_MB: '0.5' }, { ATELIER_MAX_BODY_MB: 0.5 }],
    [{ ATELIER_CANCEL_ON_DISCONNECT: '1' }, { ATELIER_CANCEL_ON_DISCONNECT: true }],
    [{ ATELIER_CANCEL_ON_DISCONNECT: 'true' }, { ATELIER_CANCEL_ON_DISCONNECT: true }],
    [{ ATELIER_DISABLE_METADATA: '0' }, { ATELIER_DISABLE_METADATA: false }],
    [{ ATELIER_DISABLE_METADATA: '' }, { ATELIER_DISABLE_METADATA: false }],
  ])('are read from texts: %j', (environment, expected) => {
    expect(parseGatewayConfig(environment)).toMatchObject(expected)
  })

  it('are told whole when they are wrong, by the names of their variables', () => {
    const wrong = {
      ...{ ATELIER_PORT: '65536', ATELIER_COMFY_PORT: '8188.5', ATELIER_MAX_BODY_MB: '0' },
      ...{ ATELIER_LOG_LEVEL: 'loud', ATELIER_CANCEL_ON_DISCONNECT: 'perhaps', ATELIER_HOST: '' },
    }
    const tell = () => parseGatewayConfig(wrong)
    expect(tell).toThrow('settings are wrong')
    for (const name of Object.keys(wrong)) expect(tell, name).toThrow(new RegExp(`^ {2}${name}: `, 'm'))
  })

  it('name a folder that holds a page', () => {
    const rootOf = (name: string, folder: string) => parseGatewayConfig({ [name]: folder })
    expect(rootOf('ATELIER_CONSOLE_ROOT', page)).toMatchObject({ ATELIER_CONSOLE_ROOT: page })
    for (const name of ['ATELIER_CONSOLE_ROOT', 'ATELIER_FRONT_END_ROOT'])
      expect(() => rootOf(name, empty)).toThrow(`${name}: holds no index.html`)
  })

  it('take the web page away where there is to be none', () => {
    expect(parseGatewayConfig({ ATELIER_CONSOLE_ROOT: 'none' }).ATELIER_CONSOLE_ROOT).toBe('')
  })

  it('stay as they were read', () => {
    const config = parseGatewayConfig({}) as { ATELIER_PORT: number }
    expect(() => (config.ATELIER_PORT = 1)).toThrow(TypeError)
  })
})
