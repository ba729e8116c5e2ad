import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

// comfyui-api.md 2.9: ComfyUI 0.3.64 with one user.
describe('the settings of the front end', () => {
  let gateway: TestGateway
  beforeEach(async () => (gateway = await openTestGateway()))
  afterEach(() => gateway.close())
  const get = async (path: string) => (await gateway.request('GET', path)).text()
  const post = async (path: string, body: unknown) => (await gateway.request('POST', path, body)).status

  it('are none at first', async () => {
    expect(await get('/settings')).toBe('{}')
    expect(await get('/settings/Comfy.Locale')).toBe('null')
  })

  it('are added to, one by one and many at once', async () => {
    expect(await post('/settings/Comfy.Locale', '"de"')).toBe(200)
    expect(await post('/settings', { 'Comfy.Zoom': 1.5, 'Comfy.Locale': 'fr' })).toBe(200)
    expect(JSON.parse(await get('/settings'))).toEqual({ 'Comfy.Locale': 'fr', 'Comfy.Zoom': 1.5 })
    expect(await get('/settings/Comfy.Locale')).toBe('"fr"')
  })

  it('keep numbers as they were written', async () => {
    await post('/settings/Comfy.Zoom', '1.0')
    await post('/settings/Comfy.Count', '12345678901234567890')
    expect(await get('/settings/Comfy.Zoom')).toBe('1.0')
    expect(await get('/settings')).toBe('{"Comfy.Zoom": 1.0, "Comfy.Count": 12345678901234567890}')
  })

  it('take any JSON as a value, and an object alone as all of them', async () => {
    for (const value of ['null', 'false', '[]', '{"a": {"b": 1}}']) {
      expect(await post('/settings/x', value)).toBe(200)
      expect(JSON.parse(await get('/settings/x'))).toEqual(JSON.parse(value))
    }
    expect(await post('/settings', '[]')).toBe(500)
    expect(await post('/settings', 'no JSON')).toBe(500)
    expect(JSON.parse(await get('/settings'))).toEqual({ x: { a: { b: 1 } } })
  })

  it('belong to one user, who is known once something was asked for', async () => {
    const users = async () => JSON.parse(await get('/users')) as unknown
    expect(await users()).toEqual({ storage: 'server', migrated: false })
    await get('/settings')
    expect(await users()).toEqual({ storage: 'server', migrated: true })
    expect(await post('/users', { username: '  ' })).toBe(500)
  })
})
