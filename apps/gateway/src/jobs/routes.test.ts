import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AtelierError } from '@atelier/ledger'
import { Job, JobError, JobResult, JobState, Surface } from '@atelier/proto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestGateway, type TestGateway } from '../sdapi/test-kit/test-gateway.ts'

describe('job addresses', () => {
  let gateway: TestGateway
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'atelier-jobs-'))
    await writeFile(join(folder, 'keys'), 'key-a a\nkey-b b\n')
    gateway = await openTestGateway({ settings: { ATELIER_API_KEYS: join(folder, 'keys') } })
    // Nothing is drawn here: jobs are moved by hand.
    await gateway.worker.close()
  })
  afterAll(async () => {
    await gateway.close()
    await rm(folder, { recursive: true, force: true })
  })

  const submit = async (id: string, change: Partial<Job> = {}): Promise<string> => {
    const surface = Surface.SURFACE_SDAPI
    const job = Job.fromPartial({ id, tenant: 'a', surface, publicId: id, requestDigest: id, ...change })
    await gateway.deps.dispatcher.submit(job)
    return `/atelier/v1/jobs/${id}`
  }
  const claim = () =>
    gateway.store.jobs.claim(
      { workerId: 'w', accepts: () => true, residentIdentities: [] },
      AbortSignal.timeout(5_000),
    )
  const call = async (method: string, path: string, key = 'key-a') => {
    const answer = await gateway.request(method, path, undefined, { 'x-api-key': key })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }

  it('tell what is known of a job that waits', async () => {
    const path = await submit('waiting', { submittedAtMs: 1234 })
    expect((await call('GET', path)).body).toEqual({
      ...{ id: 'waiting', public_id: 'waiting', surface: 'sdapi', state: 'queued', attempt: 0 },
      ...{ submitted_at_ms: 1234, started_at_ms: null, ended_at_ms: null },
      progress: { step: 0, total_steps: 0 },
    })
    await call('DELETE', path)
  })

  it('stop a job that waits, and one that runs', async () => {
    const waiting = await submit('to-cancel')
    expect(await call('DELETE', waiting)).toEqual({
      status: 202,
      body: { id: 'to-cancel', outcome: 'cancelled' },
    })
    expect((await call('GET', waiting)).body).toMatchObject({ state: 'cancelled' })
    const running = await submit('to-stop')
    const lease = await claim()
    expect(await call('DELETE', running)).toEqual({
      status: 202,
      body: { id: 'to-stop', outcome: 'cancelling' },
    })
    await gateway.store.jobs.finish(lease!, { kind: 'interrupted', result: JobResult.create() })
    expect((await call('GET', running)).body).toMatchObject({ state: 'interrupted', result: { images: [] } })
    expect((await call('DELETE', running)).status).toBe(409)
  })

  it('tell why a job failed, but not the text of a fault of ours', async () => {
    const failures = [
      [
        'not-a-number',
        'A tensor with NaNs was produced in Unet.',
        'A tensor with NaNs was produced in Unet.',
      ],
      ['internal', 'cannot read /secret/path', 'internal error'],
    ] as const
    for (const [code, message, told] of failures) {
      const path = await submit(`failed-${code}`)
      const lease = await claim()
      await gateway.store.jobs.finish(lease!, {
        kind: 'failed',
        error: JobError.fromPartial({ code, message }),
      })
      const { body } = await call('GET', path)
      expect(body).toMatchObject({ state: 'failed', error: { code, message: told, retryable: false } })
      expect(body).not.toHaveProperty('result')
    }
  })

  it('show a job to its own tenant only, and let nobody else stop it', async () => {
    const path = await submit('private')
    for (const method of ['GET', 'DELETE']) {
      expect(await call(method, path, 'key-b')).toEqual({
        status: 404,
        body: { error: { code: 'not-found', message: 'there is no job private' } },
      })
    }
    expect((await gateway.store.jobs.read('a', 'private'))?.state).toBe(JobState.JOB_STATE_QUEUED)
    await call('DELETE', path)
  })

  it('are refused without a key, and do not exist for unknown ids', async () => {
    expect((await gateway.request('GET', '/atelier/v1/jobs/private')).status).toBe(401)
    expect((await call('GET', '/atelier/v1/jobs/none')).status).toBe(404)
  })

  it('ask to come back when the ledger is away', async () => {
    const { read } = gateway.store.jobs
    gateway.store.jobs.read = () => Promise.reject(new AtelierError('unavailable', 'the ledger is away'))
    const answer = await gateway.request('GET', '/atelier/v1/jobs/x', undefined, { 'x-api-key': 'key-a' })
    gateway.store.jobs.read = read
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await answer.json()).toEqual({ error: { code: 'unavailable', message: 'the ledger is away' } })
  })
})
