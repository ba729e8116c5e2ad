import { AtelierError } from '@atelier/ledger'
import { JobError, JobResult, type Job } from '@atelier/proto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Script } from '../test-kit/scripted-dispatcher.ts'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

const PROMPT = {
  '1': { class_type: 'LoadImage', inputs: { image: 'sub/cat.png [output]' } },
  '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
}

describe('POST /prompt', () => {
  let gateway: TestGateway
  let jobs: Job[]
  let outcome: 'done' | 'failed' | 'held'
  const script: Script = async (run) => {
    jobs.push(run.job)
    if (outcome === 'held') await run.hold()
    const error = JobError.fromPartial({ code: 'node-failed', message: 'broken' })
    return outcome === 'failed' ? { kind: 'failed', error } : { kind: 'done', result: JobResult.create() }
  }
  const post = async (body: unknown) => {
    const answer = await gateway.request('POST', '/prompt', body)
    const text = await answer.text()
    return {
      status: answer.status,
      body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : text,
    }
  }
  beforeEach(async () => {
    jobs = []
    outcome = 'done'
    gateway = await openTestGateway({ script })
    await gateway.putFile('output', 'sub/cat.png', Buffer.from('picture'))
  })
  afterEach(() => gateway.close())

  it('hands the job the bytes of the files its nodes name', async () => {
    expect((await post({ prompt: PROMPT })).status).toBe(200)
    await gateway.dispatcher.settle()
    const kind = jobs[0]?.kind
    const [file] = kind?.$case === 'nodeGraph' ? kind.value.inputFiles : []
    expect(file?.reference).toBe('sub/cat.png [output]')
    expect(await gateway.store.blobs.read(file!.blob!)).toEqual(Buffer.from('picture'))
  })

  it('counts every prompt without a number, rejected ones too', async () => {
    await post({ prompt: PROMPT })
    await post({ prompt: {} })
    await post({ prompt: null })
    await post({ prompt: PROMPT, number: 9 })
    expect((await post({ prompt: PROMPT })).body).toMatchObject({ number: 3 })
  })

  it('stores nothing when it rejects', async () => {
    await post({ prompt: { ...PROMPT, '1': { class_type: 'LoadImage', inputs: { image: 'none.png' } } } })
    expect(await gateway.store.jobs.list({})).toEqual([])
  })

  it('attaches to a prompt of the same id and body that is on its way', async () => {
    outcome = 'held'
    const first = await post({ prompt: PROMPT, prompt_id: 'mine' })
    await gateway.dispatcher.settle()
    expect(await post({ prompt: PROMPT, prompt_id: 'mine' })).toEqual(first)
    expect(await gateway.store.jobs.list({})).toHaveLength(1)
  })

  it('runs another body under the same id, and keeps the earlier end in the history until then', async () => {
    await post({ prompt: PROMPT, prompt_id: 'mine' })
    await gateway.dispatcher.settle()
    outcome = 'held'
    const again = await post({ prompt: PROMPT, prompt_id: 'mine', extra_data: { other: 1 } })
    expect(again.body).toMatchObject({ prompt_id: 'mine', number: 1 })
    await gateway.dispatcher.settle()
    const number = async () => {
      const answer = await gateway.request('GET', '/history/mine')
      return ((await answer.json()) as { mine: { prompt: [number] } }).mine.prompt[0]
    }
    expect(await number()).toBe(0)
    gateway.dispatcher.release()
    await gateway.dispatcher.settle()
    expect(await number()).toBe(1)
    const all = (await (await gateway.request('GET', '/history')).json()) as object
    expect(Object.keys(all)).toEqual(['mine'])
  })

  it('runs a prompt again that failed, or was taken out of the queue', async () => {
    outcome = 'failed'
    await post({ prompt: PROMPT, prompt_id: 'mine' })
    await gateway.dispatcher.settle()
    outcome = 'held'
    await post({ prompt: PROMPT, prompt_id: 'mine' })
    await gateway.dispatcher.settle()
    expect(jobs).toHaveLength(2)
    await post({ prompt: PROMPT, prompt_id: 'waiting' })
    await gateway.request('POST', '/queue', { delete: ['waiting'] })
    await post({ prompt: PROMPT, prompt_id: 'waiting' })
    outcome = 'done'
    gateway.dispatcher.release()
    await gateway.dispatcher.settle()
    expect(jobs.map(({ publicId }) => publicId)).toEqual(['mine', 'mine', 'waiting'])
  })

  it('does not run a third time what was sent again while it ran for the second', async () => {
    outcome = 'failed'
    await post({ prompt: PROMPT, prompt_id: 'mine' })
    await gateway.dispatcher.settle()
    outcome = 'held'
    await Promise.all([1, 2, 3].map(() => post({ prompt: PROMPT, prompt_id: 'mine' })))
    await gateway.dispatcher.settle()
    outcome = 'done'
    gateway.dispatcher.release()
    await gateway.dispatcher.settle()
    await post({ prompt: PROMPT, prompt_id: 'mine' })
    await gateway.dispatcher.settle()
    expect(jobs).toHaveLength(2)
  })

  it.each(['', 'x'.repeat(257)])('refuses the id %j', async (promptId) => {
    expect(await post({ prompt: PROMPT, prompt_id: promptId })).toMatchObject({
      status: 400,
      body: { error: { type: 'invalid_prompt_id' }, node_errors: {} },
    })
  })

  it('forgets keys for paid services', async () => {
    const secrets = { auth_token_comfy_org: 'a', api_key_comfy_org: 'b', kept: 1 }
    await post({ prompt: PROMPT, extra_data: secrets, client_id: 'c' })
    await gateway.dispatcher.settle()
    const kind = jobs[0]?.kind
    expect(kind?.$case === 'nodeGraph' && kind.value.extraDataJson).toBe('{"kept": 1, "client_id": "c"}')
  })

  it('fails on extra_data that is no object only when the graph is good', async () => {
    expect((await post({ prompt: PROMPT, extra_data: 5 })).status).toBe(500)
    expect((await post({ prompt: {}, extra_data: 5 })).status).toBe(400)
  })

  it.each([
    ['tenant-queue-full', 429],
    ['queue-full', 503],
    ['unavailable', 503],
  ] as const)('says when to come back when the ledger answers %s', async (code, status) => {
    gateway.dispatcher.submit = () => Promise.reject(new AtelierError(code, 'there is no room'))
    const answer = await gateway.request('POST', '/prompt', { prompt: PROMPT })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, '5'])
    expect(await answer.json()).toEqual({
      error: { type: code.replaceAll('-', '_'), message: 'there is no room', details: '', extra_info: {} },
      node_errors: {},
    })
  })

  it('says what the ledger does not take, as it says what is wrong with a graph', async () => {
    gateway.dispatcher.submit = () =>
      Promise.reject(new AtelierError('invalid-request', 'the job of job 1 has 65 MB, at most 64 are taken'))
    const answer = await gateway.request('POST', '/prompt', { prompt: PROMPT })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([400, null])
    expect(await answer.json()).toEqual({
      error: {
        type: 'invalid_request',
        message: 'the job of job 1 has 65 MB, at most 64 are taken',
        details: '',
        extra_info: {},
      },
      node_errors: {},
    })
  })

  it('shows nothing of a fault of its own', async () => {
    gateway.dispatcher.submit = () => Promise.reject(new Error('secret'))
    expect(await post({ prompt: PROMPT })).toEqual({
      status: 500,
      body: '500 Internal Server Error\n\nServer got itself in trouble',
    })
  })

  describe('with an Idempotency-Key', () => {
    const send = async (body: unknown, key = 'order-1', more: Record<string, string> = {}) =>
      gateway.request('POST', '/prompt', body, { 'idempotency-key': key, ...more })
    const idOf = async (answer: Response) => ((await answer.json()) as { prompt_id: string }).prompt_id

    it('gives the same prompt id for the same key and body, and runs it once', async () => {
      const first = await idOf(await send({ prompt: PROMPT }))
      expect(first).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      await gateway.dispatcher.settle()
      expect(await idOf(await send({ prompt: PROMPT }))).toBe(first)
      await gateway.dispatcher.settle()
      expect(jobs).toHaveLength(1)
      expect(await idOf(await send({ prompt: PROMPT }, 'order-2'))).not.toBe(first)
    })

    it("answers 409 in ComfyUI's words when the body is another one", async () => {
      await send({ prompt: PROMPT })
      const answer = await send({ prompt: PROMPT, client_id: 'other' })
      expect(answer.status).toBe(409)
      expect(await answer.json()).toMatchObject({
        error: {
          type: 'idempotency_conflict',
          details: 'the Idempotency-Key order-1 was used with another body',
        },
        node_errors: {},
      })
    })

    it('takes one of two bodies that come at the same instant', async () => {
      const answers = await Promise.all(
        [1, 2, 3, 4].map((number) => send({ prompt: PROMPT, extra_data: { number } })),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409])
      await gateway.dispatcher.settle()
      expect(jobs).toHaveLength(1)
    })

    it('does not run again what failed', async () => {
      outcome = 'failed'
      const first = await idOf(await send({ prompt: PROMPT }))
      await gateway.dispatcher.settle()
      expect(await idOf(await send({ prompt: PROMPT }))).toBe(first)
      await gateway.dispatcher.settle()
      expect(jobs).toHaveLength(1)
    })

    it('keeps a prompt id that the client chose itself', async () => {
      expect(await idOf(await send({ prompt: PROMPT, prompt_id: 'mine' }))).toBe('mine')
      expect((await send({ prompt: PROMPT, prompt_id: 'mine', number: 4 })).status).toBe(409)
    })
  })

  it('asks to come back with a prompt it cannot check while no worker is known', async () => {
    gateway.models.replace([])
    const loads = { '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'a.safetensors' } } }
    const answer = await gateway.request('POST', '/prompt', { prompt: loads })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    // What needs no model waits in the queue for a worker.
    expect((await post({ prompt: PROMPT })).status).toBe(200)
  })

  it('gives the job address to a client that prefers it', async () => {
    const answer = await gateway.request('POST', '/prompt', { prompt: PROMPT }, { prefer: 'respond-async' })
    expect(answer.status).toBe(202)
    expect(await answer.json()).toHaveProperty('prompt_id')
    const [record] = await gateway.store.jobs.list({})
    expect(answer.headers.get('location')).toBe(`/atelier/v1/jobs/${record?.job?.id}`)
  })
})
