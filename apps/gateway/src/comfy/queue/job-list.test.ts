import { JobError, JobResult } from '@atelier/proto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Script } from '../test-kit/scripted-dispatcher.ts'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

const PROMPT = {
  '1': { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
  '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
}

const PICTURES = JSON.stringify({
  images: [
    { filename: 'a.png', subfolder: '', type: 'temp' },
    { filename: 'b.png', subfolder: 'x', type: 'output' },
  ],
  animated: [false],
})

interface Listed {
  readonly id: string
  readonly status: string
  readonly [member: string]: unknown
}

describe('prompts as jobs', () => {
  let gateway: TestGateway
  let script: Script
  const done: Script = async () => ({
    kind: 'done',
    result: JobResult.fromPartial({ nodeOutputsJson: { '2': PICTURES, '3': '{"text": ["hello"]}' } }),
  })
  const hold: Script = async (run) => {
    await run.hold()
    return { kind: 'interrupted', result: JobResult.create() }
  }
  beforeEach(async () => {
    script = done
    gateway = await openTestGateway({ script: (run) => script(run) })
  })
  afterEach(() => gateway.close())

  const submit = (id: string, workflowId?: string) =>
    gateway.request('POST', '/prompt', {
      prompt: PROMPT,
      prompt_id: id,
      ...(workflowId !== undefined && {
        extra_data: { extra_pnginfo: { workflow: { id: workflowId } } },
      }),
    })
  const run = async (id: string, workflowId?: string) => {
    await submit(id, workflowId)
    await gateway.dispatcher.settle()
  }
  const read = async (path: string) => {
    const answer = await gateway.request('GET', `/api/jobs${path}`)
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  const list = async (query = '') => (await read(query)).body['jobs'] as Listed[]
  const ids = async (query = '') => (await list(query)).map(({ id }) => id)

  it('tell what a run made, and what of it to show', async () => {
    await run('a', 'flow')
    const [job] = await list()
    expect(job).toMatchObject({
      ...{
        id: 'a',
        status: 'completed',
        outputs_count: 3,
        previewable_outputs_count: 2,
        workflow_id: 'flow',
      },
      preview_output: { filename: 'b.png', subfolder: 'x', type: 'output', nodeId: '2', mediaType: 'images' },
    })
    const { create_time: created, execution_start_time: started, execution_end_time: ended } = job!
    expect([created, started, ended].every((time) => Number(time) > 1e12)).toBe(true)
    expect(job).not.toHaveProperty('execution_error')
  })

  it('tell one in whole', async () => {
    await run('a', 'flow')
    const { body } = await read('/a')
    expect(body).toMatchObject({
      id: 'a',
      outputs: { '2': JSON.parse(PICTURES) as unknown },
      execution_status: { status_str: 'success', completed: true },
      workflow: { prompt: PROMPT, extra_data: { extra_pnginfo: { workflow: { id: 'flow' } } } },
    })
    expect(await read('/b')).toEqual({ status: 404, body: { error: 'Job not found' } })
  })

  it('tell why a run failed', async () => {
    script = async () => ({
      kind: 'failed',
      error: JobError.fromPartial({ message: 'no', nodeId: '1', nodeType: 'EmptyImage' }),
    })
    await run('a')
    expect((await list())[0]).toMatchObject({
      status: 'failed',
      execution_error: { prompt_id: 'a', node_id: '1', node_type: 'EmptyImage', exception_message: 'no\n' },
    })
  })

  it('are listed by status, newest first, page by page', async () => {
    for (const id of ['a', 'b', 'c']) await run(id)
    expect(await ids()).toEqual(['c', 'b', 'a'])
    expect(await ids('?sort_order=asc')).toEqual(['a', 'b', 'c'])
    const { body } = await read('?status=completed,failed&limit=2&offset=1')
    expect((body['jobs'] as Listed[]).map(({ id }) => id)).toEqual(['b', 'a'])
    expect(body['pagination']).toEqual({ offset: 1, limit: 2, total: 3, has_more: false })
    expect((await read('?limit=2')).body['pagination']).toMatchObject({ total: 3, has_more: true })
    expect(await ids('?status=failed')).toEqual([])
  })

  it('are found by their workflow', async () => {
    await run('a', 'one')
    await run('b', 'two')
    expect(await ids('?workflow_id=one')).toEqual(['a'])
  })

  it('are cancelled, waiting or running', async () => {
    script = hold
    await submit('runs')
    await submit('waits')
    await expect.poll(() => ids('?status=in_progress')).toEqual(['runs'])
    expect(await ids('?status=in_progress,pending')).toEqual(['waits', 'runs'])
    const cancel = async (path: string, body?: object) =>
      (await gateway.request('POST', `/api/jobs/${path}`, body)).json()
    expect(await cancel('waits/cancel')).toEqual({ cancelled: true })
    expect(await cancel('cancel', { job_ids: ['runs', 'unknown'] })).toEqual({ cancelled: true })
    await gateway.dispatcher.settle()
    expect(await list()).toMatchObject([{ id: 'runs', status: 'cancelled' }])
    expect(await cancel('runs/cancel')).toEqual({ cancelled: false })
    expect(await cancel('unknown/cancel')).toEqual({ cancelled: false })
    expect(await cancel('cancel', { job_ids: 'runs' })).toEqual({ error: 'job_ids must be a list of ids' })
  })

  it.each([
    ['status=done', 'status must be of pending, in_progress, completed, failed, cancelled, got done'],
    ['sort_by=id', 'sort_by must be created_at or execution_duration, got id'],
    ['sort_order=up', 'sort_order must be asc or desc, got up'],
    ['limit=0', 'limit must be a whole number above 0'],
    ['offset=-1', 'offset must be a whole number from 0'],
  ])('refuse %s', async (query, error) => {
    expect(await read(`?${query}`)).toEqual({ status: 400, body: { error } })
  })
})
