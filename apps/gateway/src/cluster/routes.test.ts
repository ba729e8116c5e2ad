import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { modelListSchema, sessionSchema, workerListSchema } from '@atelier/catalog/atelier-api'
import { ModelFile, ModelKind, WorkerDescription } from '@atelier/proto'
import { afterEach, describe, expect, it } from 'vitest'
import type { DirectoryModelIndex } from '../models/directory-model-index.ts'
import { openTestGateway, type TestGateway } from '../sdapi/test-kit/test-gateway.ts'

const file = (name: string, more: Partial<ModelFile> = {}) =>
  ModelFile.fromPartial({
    kind: ModelKind.MODEL_KIND_CHECKPOINT,
    name,
    identity: name,
    path: `/m/${name}`,
    ...more,
  })
const FINE = file('fine.safetensors', {
  ...{ family: 'sdxl', sizeBytes: 7, sha256: 'ab'.repeat(32) },
  metadata: { 'modelspec.title': 'Fine', 'modelspec.resolution': '1024x1024' },
})
const LORA = file('style.safetensors', { kind: ModelKind.MODEL_KIND_LORA, identity: 'style' })
const BROKEN = file('broken.ckpt', { unusableReason: 'the pickle names os.system' })

describe('routes that show the cluster', () => {
  let gateway: TestGateway
  let folder: string | undefined
  afterEach(async () => {
    await gateway.close()
    if (folder !== undefined) await rm(folder, { recursive: true })
  })
  const open = async (settings: Record<string, string> = {}) => {
    gateway = await openTestGateway({ settings })
    const models = gateway.deps.models as DirectoryModelIndex
    const device = { name: 'cuda:0', title: 'A card', memoryTotalBytes: 10, memoryFreeBytes: 4 }
    models.replace([
      WorkerDescription.fromPartial({
        ...{ id: 'w1', ready: true, slots: 4, jobIds: ['x'], device, startedAtMs: 5, version: '1.0' },
        ...{ models: [FINE, BROKEN], residentIdentities: [FINE.identity] },
      }),
      WorkerDescription.fromPartial({ id: 'w2', ready: true, draining: true, models: [FINE, LORA] }),
      WorkerDescription.fromPartial({ id: 'w3' }),
    ])
  }
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await gateway.request('GET', path, undefined, headers)
    return { status: answer.status, body: await answer.json() }
  }

  it('tell each worker with its device, its load and what it holds', async () => {
    await open()
    const { workers } = workerListSchema.parse((await get('/atelier/v1/workers')).body)
    expect(workers[0]).toEqual({
      ...{ id: 'w1', version: '1.0', state: 'ready', started_at_ms: 5, slots: 4, running: 1 },
      device: {
        ...{ name: 'cuda:0', title: 'A card', memory_total_bytes: 10, memory_free_bytes: 4 },
        ...{ host_total_bytes: 0, host_free_bytes: 0 },
      },
      ...{ loaded: ['fine.safetensors'], models: 1, unusable_models: 1, engine_restarts: 0 },
    })
    expect(workers.map(({ state }) => state)).toEqual(['ready', 'draining', 'starting'])
  })

  it('tell each model file once, where it is, where it is loaded, and why it cannot be used', async () => {
    await open()
    const { body } = await get('/atelier/v1/models')
    const { models } = modelListSchema.parse(body)
    expect(models).toMatchObject([
      {
        kind: 'checkpoint',
        name: 'broken.ckpt',
        unusable_reason: 'the pickle names os.system',
        workers: ['w1'],
      },
      {
        ...{ name: 'fine.safetensors', family: 'sdxl', title: 'Fine', resolution: '1024x1024' },
        ...{ size_bytes: 7, unusable_reason: '', workers: ['w1', 'w2'], loaded_on: ['w1'] },
      },
      { kind: 'lora', name: 'style.safetensors', workers: ['w2'], loaded_on: [] },
    ])
    // Where files lie on a worker's disk is nobody's business.
    expect(JSON.stringify(body)).not.toContain('/m/')
  })

  it('ask for what the settings ask for, and say whom credentials stand for', async () => {
    await open()
    const session = async (headers?: Record<string, string>) =>
      sessionSchema.parse((await get('/atelier/v1/session', headers)).body)
    expect(await session()).toMatchObject({ authentication: 'none', tenant: 'open' })
    await gateway.close()

    folder = await mkdtemp(join(tmpdir(), 'atelier-session-'))
    await writeFile(join(folder, 'keys'), 'key-a studio\n')
    await open({ ATELIER_API_KEYS: join(folder, 'keys') })
    expect(await session()).toMatchObject({ authentication: 'key', tenant: null })
    expect(await session({ 'x-api-key': 'wrong' })).toMatchObject({ tenant: null })
    expect(await session({ 'x-api-key': 'key-a' })).toMatchObject({ tenant: 'studio' })
    expect((await get('/atelier/v1/workers')).status).toBe(401)
    expect((await get('/atelier/v1/models')).status).toBe(401)
    await gateway.close()

    await open({ ATELIER_API_AUTH: 'me:pass' })
    expect(await session()).toMatchObject({ authentication: 'password', tenant: null })
    const headers = { authorization: `Basic ${btoa('me:pass')}` }
    expect(await session(headers)).toMatchObject({ authentication: 'password', tenant: 'open' })
  })
})
