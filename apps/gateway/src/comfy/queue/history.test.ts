import { JobError, JobResult } from '@atelier/proto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Script } from '../test-kit/scripted-dispatcher.ts'
import { openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'

const prompt = (color: number) => ({
  '1': { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color } },
  '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
})

describe('the history', () => {
  let gateway: TestGateway
  let script: Script
  const done: Script = async () => ({ kind: 'done', result: JobResult.create() })
  beforeEach(async () => {
    script = done
    gateway = await openTestGateway({ script: (run) => script(run) })
  })
  afterEach(() => gateway.close())

  const submit = async (promptId: string, color: number) => {
    await gateway.request('POST', '/prompt', { prompt: prompt(color), prompt_id: promptId })
    await gateway.dispatcher.settle()
  }
  const keys = async (query = '') =>
    Object.keys((await (await gateway.request('GET', `/history${query}`)).json()) as object)

  it('counts an id that was used twice once, in its first place', async () => {
    for (const [id, color] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['c', 4],
    ] as const)
      await submit(id, color)
    expect(await keys()).toEqual(['a', 'b', 'c'])
    expect(await keys('?max_items=2')).toEqual(['b', 'c'])
    expect(await keys('?max_items=3')).toEqual(['a', 'b', 'c'])
    expect(await keys('?max_items=99999999999999999999')).toEqual(['a', 'b', 'c'])
    expect(await keys('?offset=1&max_items=1')).toEqual(['b'])
  })

  it('forgets every run of an id that is deleted', async () => {
    for (const [id, color] of [
      ['a', 1],
      ['a', 2],
      ['b', 3],
    ] as const)
      await submit(id, color)
    await gateway.request('POST', '/history', { delete: ['a', 'unknown', 5] })
    expect(await keys()).toEqual(['b'])
    expect(await keys('/a')).toEqual([])
  })

  it('finds one prompt by query, too', async () => {
    await submit('a', 1)
    await submit('b', 2)
    expect(await keys('?prompt_id=b')).toEqual(['b'])
    expect(await keys('?prompt_id=c')).toEqual([])
  })

  it('says of a prompt that killed its engines that it failed', async () => {
    const { jobs } = gateway.store
    script = async (run) => {
      await run.hold()
      return done(run)
    }
    await submit('poison', 1)
    const [record] = await jobs.list({})
    const lease = { workerId: 'scripted', epoch: 1, record: record! }
    await jobs.finish(lease, {
      kind: 'failed',
      error: JobError.fromPartial({ code: 'engine-died', message: 'gone' }),
    })
    const entry = (await (await gateway.request('GET', '/history/poison')).json()) as {
      poison: { status: { status_str: string; messages: [string, object][] } }
    }
    expect(entry.poison.status.status_str).toBe('error')
    expect(entry.poison.status.messages.at(-1)).toEqual([
      'execution_error',
      expect.objectContaining({ exception_message: 'gone\n', node_id: '2', node_type: 'PreviewImage' }),
    ])
  })

  it.each(['1.5', 'x', '', '1_'])('fails on max_items=%s as the original does', async (text) => {
    expect((await gateway.request('GET', `/history?max_items=${text}`)).status).toBe(500)
  })
})
