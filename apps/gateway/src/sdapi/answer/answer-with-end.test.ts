import { JobState, ModelFile, ModelKind } from '@atelier/proto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DirectoryModelIndex } from '../../models/directory-model-index.ts'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

const checkpoint = ModelFile.fromPartial({
  kind: ModelKind.MODEL_KIND_CHECKPOINT,
  name: 'a.safetensors',
  identity: 'a',
  sha256: 'a'.repeat(64),
})
const REQUEST = { prompt: 'a cat', width: 64, height: 64, steps: 1, seed: 5 }

interface JobJson {
  readonly id: string
  readonly public_id: string
  readonly surface: string
  readonly state: string
  readonly ended_at_ms: number | null
  readonly result?: { readonly images: string[]; readonly info: string }
}

describe('a WebUI job and its client', () => {
  let gateway: TestGateway
  beforeEach(async () => {
    gateway = await openTestGateway({
      models: [checkpoint],
      settings: { ATELIER_CANCEL_ON_DISCONNECT: '1' },
    })
  })
  afterEach(() => gateway.close())

  const post = (body: object, headers: Record<string, string> = {}) =>
    gateway.request('POST', '/sdapi/v1/txt2img', body, headers)
  const readJob = async (path: string) => (await (await gateway.request('GET', path)).json()) as JobJson
  const listJobs = () => gateway.store.jobs.list({})

  describe('that prefers an address to waiting', () => {
    it('gets 202 and the address, where state and result are found', async () => {
      gateway.worker.hold()
      const answer = await post(REQUEST, { prefer: 'respond-async, wait=10' })
      expect(answer.status).toBe(202)
      expect(answer.headers.get('preference-applied')).toBe('respond-async')
      const path = answer.headers.get('location') ?? ''
      const { id } = (await answer.json()) as JobJson
      expect(path).toBe(`/atelier/v1/jobs/${id}`)
      await vi.waitUntil(async () => (await readJob(path)).state === 'running')
      expect(await readJob(path)).toMatchObject({ id, surface: 'sdapi', ended_at_ms: null })

      gateway.worker.release()
      await vi.waitUntil(async () => (await readJob(path)).state === 'done')
      const { result } = await readJob(path)
      expect(result?.images).toHaveLength(1)
      expect(JSON.parse(result?.info ?? '')).toMatchObject({ seed: 5, all_prompts: ['a cat'] })
    })

    it('gets the same pictures as one that waits', async () => {
      const taskId = { ...REQUEST, force_task_id: 'task(same)' }
      const path = (await post(taskId, { prefer: 'respond-async' })).headers.get('location') ?? ''
      const waiting = (await (await post(taskId)).json()) as { images: string[] }
      expect((await readJob(path)).result?.images).toEqual(waiting.images)
      expect(await listJobs()).toHaveLength(1)
    })

    it('is answered at once when the job has ended already', async () => {
      const taskId = { ...REQUEST, force_task_id: 'task(done)' }
      await post(taskId)
      expect((await post(taskId, { prefer: 'respond-async' })).status).toBe(200)
    })

    it('finds its faults answered as ever', async () => {
      const answer = await post({ ...REQUEST, steps: 'many' }, { prefer: 'respond-async' })
      expect(answer.status).toBe(422)
    })
  })

  describe('that sends an Idempotency-Key', () => {
    it('never makes a job run twice', async () => {
      const key = { 'idempotency-key': 'order-7' }
      const answers = await Promise.all([post(REQUEST, key), post(REQUEST, key)])
      const [first, second] = (await Promise.all(answers.map((answer) => answer.json()))) as {
        images: string[]
      }[]
      expect(first?.images).toEqual(second?.images)
      await post(REQUEST, key)
      expect(await listJobs()).toHaveLength(1)
    })

    it('is told 409 in this surface’s words when the body is another one', async () => {
      const key = { 'idempotency-key': 'order-8' }
      await post(REQUEST, key)
      const answer = await post({ ...REQUEST, seed: 6 }, key)
      expect(answer.status).toBe(409)
      expect(await answer.json()).toMatchObject({
        error: 'HTTPException',
        detail: 'the Idempotency-Key order-8 was used with another body',
      })
      expect(await listJobs()).toHaveLength(1)
    })
  })

  it('is asked to come back while no worker is known, instead of being told that there is no checkpoint', async () => {
    const models = gateway.deps.models as DirectoryModelIndex
    const workers = models.workers()
    models.replace([])
    const answer = await post(REQUEST)
    models.replace(workers)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    expect((await post(REQUEST)).status).toBe(200)
  })

  describe('that goes away', () => {
    const sendAndLeave = async () => {
      const client = new AbortController()
      const request = new Request('http://localhost/sdapi/v1/txt2img', {
        method: 'POST',
        body: JSON.stringify(REQUEST),
        headers: { 'content-type': 'application/json' },
        signal: client.signal,
      })
      const pending = Promise.resolve(gateway.app.request(request)).catch(() => undefined)
      await vi.waitUntil(async () => (await listJobs())[0]?.state === JobState.JOB_STATE_RUNNING)
      client.abort()
      await pending
    }

    it('takes its job with it', async () => {
      gateway.worker.hold()
      await sendAndLeave()
      await vi.waitUntil(async () => {
        const [record] = await listJobs()
        return record !== undefined && record.state !== JobState.JOB_STATE_RUNNING
      })
      expect((await listJobs())[0]?.state).toBeOneOf([
        JobState.JOB_STATE_CANCELLING,
        JobState.JOB_STATE_INTERRUPTED,
      ])
    })

    it('leaves a job alone that it only attached to', async () => {
      gateway.worker.hold()
      const taskId = { ...REQUEST, force_task_id: 'task(shared)' }
      const owner = post(taskId)
      await vi.waitUntil(async () => (await listJobs())[0]?.state === JobState.JOB_STATE_RUNNING)
      const client = new AbortController()
      const attached = new Request('http://localhost/sdapi/v1/txt2img', {
        method: 'POST',
        body: JSON.stringify(taskId),
        headers: { 'content-type': 'application/json' },
        signal: client.signal,
      })
      const pending = Promise.resolve(gateway.app.request(attached)).catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, 50))
      client.abort()
      await pending
      gateway.worker.release()
      expect((await owner).status).toBe(200)
    })
  })
})
