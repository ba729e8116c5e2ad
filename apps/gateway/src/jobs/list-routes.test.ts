import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jobImagesSchema, jobListSchema } from '@atelier/catalog/atelier-api'
import { ModelFile, ModelKind, type JobRecord } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGateway, type TestGateway } from '../sdapi/test-kit/test-gateway.ts'

const CHECKPOINT = ModelFile.fromPartial({
  kind: ModelKind.MODEL_KIND_CHECKPOINT,
  name: 'tiny.safetensors',
  identity: 'tiny',
  family: 'sd1',
})
const SMALL = { width: 64, height: 48, steps: 3 }

describe("lists of a tenant's jobs", () => {
  let gateway: TestGateway
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'atelier-lists-'))
    await writeFile(join(folder, 'keys'), 'key-a a\nkey-b b\n')
    gateway = await openTestGateway({
      settings: { ATELIER_API_KEYS: join(folder, 'keys') },
      models: [CHECKPOINT],
    })
  })
  afterAll(async () => {
    await gateway.close()
    await rm(folder, { recursive: true, force: true })
  })

  const call = (method: string, path: string, body?: unknown, key = 'key-a') =>
    gateway.request(method, path, body, { 'x-api-key': key })
  const generate = async (body: object, key = 'key-a'): Promise<string> => {
    const answer = await gateway.request('POST', '/sdapi/v1/txt2img', body, {
      'x-api-key': key,
      prefer: 'respond-async',
    })
    return ((await answer.json()) as { id: string }).id
  }
  const waitFor = (id: string, tenant = 'a') => gateway.deps.dispatcher.wait(tenant, id)
  const list = async (query: string, key = 'key-a') =>
    jobListSchema.parse(await (await call('GET', `/atelier/v1/jobs?${query}`, undefined, key)).json()).jobs

  it('tell what ended, the last one first, with what it asked for and made', async () => {
    const first = await generate({ ...SMALL, prompt: 'a cat', seed: 1 })
    await waitFor(first)
    const second = await generate({ ...SMALL, prompt: 'a dog', seed: 2, batch_size: 2 })
    await waitFor(second)
    const jobs = await list('state=ended')
    expect(jobs.map(({ id }) => id)).toEqual([second, first])
    expect(jobs[0]).toMatchObject({
      ...{ surface: 'sdapi', kind: 'text-to-image', state: 'done', prompt: 'a dog' },
      ...{ checkpoint: 'tiny.safetensors', ...SMALL, wanted_images: 2, image_count: 2, error: null },
    })
    expect(await list('state=ended&limit=1')).toHaveLength(1)
  })

  it('tell what waits and runs, in the order of the queue, with progress of what runs', async () => {
    gateway.worker.hold()
    const running = await generate({ ...SMALL, prompt: 'runs' })
    const waiting = await generate({ ...SMALL, prompt: 'waits' })
    const isRunning = async () => (await list('state=open'))[0]?.state === 'running'
    while (!(await isRunning())) await new Promise((resolve) => setTimeout(resolve, 5))
    const record = (await gateway.store.jobs.read('a', running)) as JobRecord
    gateway.reported.set(record.job!.publicId, { step: 1, totalSteps: 4, passCount: 1 })
    expect(await list('state=open')).toMatchObject([
      { id: running, state: 'running', progress: { step: 1, total_steps: 4, share: 0.25 } },
      { id: waiting, state: 'queued', progress: null, started_at_ms: null },
    ])
    gateway.worker.release()
    await Promise.all([waitFor(running), waitFor(waiting)])
  })

  it('hold nothing of another tenant, whose jobs cannot be forgotten either', async () => {
    const theirs = await generate({ ...SMALL, prompt: 'secret' }, 'key-b')
    await waitFor(theirs, 'b')
    expect((await list('state=ended')).map(({ prompt }) => prompt)).not.toContain('secret')
    for (const path of ['images', 'images/0'])
      expect((await call('GET', `/atelier/v1/jobs/${theirs}/${path}`)).status).toBe(404)
    expect((await call('POST', `/atelier/v1/jobs/${theirs}/skip`)).status).toBe(404)
    expect((await call('GET', `/atelier/v1/jobs/${theirs}/preview`)).status).toBe(204)
    const forgotten = await call('POST', '/atelier/v1/jobs/forget', { ids: [theirs] })
    expect(await forgotten.json()).toEqual({ forgotten: 0 })
    expect(await list('state=ended', 'key-b')).toHaveLength(1)
  })

  it('lose what is forgotten', async () => {
    const id = await generate({ ...SMALL, prompt: 'to be forgotten' })
    await waitFor(id)
    expect(await (await call('POST', '/atelier/v1/jobs/forget', { ids: [id] })).json()).toEqual({
      forgotten: 1,
    })
    expect((await list('state=ended')).map((job) => job.id)).not.toContain(id)
  })

  it('refuse what they do not know, by the name of what is wrong', async () => {
    for (const [path, name] of [
      ['?state=none', 'state'],
      ['', 'state'],
      ['?state=ended&limit=0', 'limit'],
      ['?state=ended&limit=501', 'limit'],
    ]) {
      const answer = await call('GET', `/atelier/v1/jobs${path}`)
      const { error } = (await answer.json()) as { error: { code: string; message: string } }
      expect([answer.status, error.code, error.message.split(':')[0]]).toEqual([400, 'invalid-request', name])
    }
    for (const body of ['no json', { ids: [] }, { ids: [1] }])
      expect((await call('POST', '/atelier/v1/jobs/forget', body)).status).toBe(400)
  })

  it('lead to the pictures, whole, smaller, and only once', async () => {
    const id = await generate({ ...SMALL, prompt: 'a picture', seed: 5 })
    await waitFor(id)
    const base = `/atelier/v1/jobs/${id}/images`
    const { images } = jobImagesSchema.parse(await (await call('GET', base)).json())
    expect(images).toMatchObject([{ index: 0, width: 64, height: 48, media_type: 'image/png' }])
    expect(images[0]?.infotext).toContain('a picture\nSteps: 3')

    const whole = await call('GET', `${base}/0`)
    expect(whole.headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
    const bytes = new Uint8Array(await whole.arrayBuffer())
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 64, height: 48 })
    const small = await call('GET', `${base}/0?size=32`)
    const metadata = await sharp(new Uint8Array(await small.arrayBuffer())).metadata()
    expect([small.headers.get('content-type'), metadata.format, metadata.width, metadata.height]).toEqual([
      ...['image/webp', 'webp', 32, 24],
    ])
    const again = await gateway.request('GET', `${base}/0`, undefined, {
      'x-api-key': 'key-a',
      'if-none-match': whole.headers.get('etag')!,
    })
    expect(again.status).toBe(304)
    expect((await call('GET', `${base}/1`)).status).toBe(404)
    expect((await call('GET', `${base}/0?size=2000`)).status).toBe(400)
  })

  it('lead to the newest preview of a job that runs', async () => {
    gateway.worker.hold()
    const id = await generate({ ...SMALL, prompt: 'previewed' })
    const record = (await gateway.store.jobs.read('a', id)) as JobRecord
    const path = `/atelier/v1/jobs/${id}/preview`
    expect((await call('GET', path)).status).toBe(204)
    const bytes = new Uint8Array([1, 2, 3])
    gateway.reported.set(record.job!.publicId, {
      preview: { bytes, mediaType: 'image/jpeg', step: 1, number: 1 },
    })
    const answer = await call('GET', path)
    expect(answer.headers.get('content-type')).toBe('image/jpeg')
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes)
    gateway.worker.release()
    await waitFor(id)
  })
})
