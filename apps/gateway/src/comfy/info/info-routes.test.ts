import { WorkerDescription, type Device } from '@atelier/proto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

const GIB = 2 ** 30

// comfyui-api.md 2.8 and 2.11: ComfyUI 0.3.64.
describe('what the server tells of itself', () => {
  let gateway: TestGateway
  beforeEach(async () => (gateway = await openTestGateway()))
  afterEach(() => gateway.close())
  const get = async (path: string) => {
    const answer = await gateway.request('GET', path)
    return [answer.status, (await answer.json()) as unknown] as const
  }
  const statsOf = async (...devices: readonly Partial<Device>[]) => {
    gateway.models.replace(
      devices.map((device, index) => WorkerDescription.fromPartial({ id: `w${index}`, device })),
    )
    const [, stats] = await get('/system_stats')
    return stats as { system: Record<string, unknown>; devices: Record<string, unknown>[] }
  }

  it('names a CPU as ComfyUI does, also while no worker is there', async () => {
    for (const devices of [[], [{ name: 'cpu', title: 'Some CPU' }]]) {
      const { devices: told } = await statsOf(...devices)
      expect(told).toHaveLength(1)
      expect(told[0]).toMatchObject({ name: 'cpu', type: 'cpu', index: null })
      expect(told[0]?.['vram_total']).toBeGreaterThan(0)
    }
  })

  it('lists the devices of all workers, with their memory', async () => {
    const gpu = {
      name: 'cuda:1',
      title: 'NVIDIA H100',
      memoryTotalBytes: 80 * GIB,
      memoryFreeBytes: 70 * GIB,
    }
    const { system, devices } = await statsOf(
      { ...gpu, hostTotalBytes: 128 * GIB, hostFreeBytes: 64 * GIB },
      { name: 'cpu' },
    )
    expect(devices.map(({ type }) => type)).toEqual(['cuda', 'cpu'])
    expect(devices[0]).toEqual({
      ...{ name: 'cuda:1 NVIDIA H100', type: 'cuda', index: 1, vram_total: 80 * GIB, vram_free: 70 * GIB },
      ...{ torch_vram_total: 80 * GIB, torch_vram_free: 70 * GIB },
    })
    expect(system).toMatchObject({ ram_total: 128 * GIB, ram_free: 64 * GIB, comfyui_version: '0.3.64' })
    expect(Object.keys(system)).toEqual([
      ...['os', 'ram_total', 'ram_free', 'comfyui_version', 'required_frontend_version'],
      ...['installed_templates_version', 'required_templates_version', 'python_version', 'pytorch_version'],
      ...['embedded_python', 'argv'],
    ])
  })

  it('announces no larger uploads than ComfyUI, and smaller ones where the settings say so', async () => {
    expect(await get('/features')).toEqual([
      200,
      { supports_preview_metadata: true, max_upload_size: 104_857_600 },
    ])
    const small = await openTestGateway({ settings: { ATELIER_MAX_BODY_MB: '3' } })
    const answer = await small.request('GET', '/features')
    expect(await answer.json()).toMatchObject({ max_upload_size: 3 * 1024 * 1024 })
    await small.close()
  })

  it('refuses a websocket’s address to a request that asks for none', async () => {
    const answer = await gateway.request('GET', '/ws')
    expect([answer.status, await answer.text()]).toEqual([
      400,
      'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".',
    ])
  })

  it('lists the newest files of a folder first, without those below it', async () => {
    const put = async (name: string, path: string) =>
      gateway.putFile(name as 'output', path, Buffer.from('x'))
    await put('output', 'old.png')
    await new Promise((resolve) => setTimeout(resolve, 5))
    await put('output', 'new.png')
    await put('output', 'sub/below.png')
    expect(await get('/internal/files/output')).toEqual([200, ['new.png', 'old.png']])
    expect(await get('/internal/files/input')).toEqual([200, []])
    expect(await get('/internal/files/models')).toEqual([400, { error: 'Invalid directory type' }])
    // These have no twin below /api.
    expect((await gateway.request('GET', '/api/internal/files/output')).status).toBe(404)
  })

  it('shows no logs to tenants, whom they do not concern', async () => {
    expect(await get('/internal/logs')).toEqual([200, ''])
    const [, raw] = await get('/internal/logs/raw')
    expect(raw).toMatchObject({ entries: [] })
    const subscribe = await gateway.request('PATCH', '/internal/logs/subscribe', {
      clientId: 'a',
      enabled: true,
    })
    expect([subscribe.status, await subscribe.text()]).toEqual([200, ''])
  })
})
