import { JobResult, NamedFile } from '@atelier/proto'
import { afterEach, describe, expect, it } from 'vitest'
import type { Script, ScriptedRun } from '../test-kit/scripted-dispatcher.ts'
import { openTestGateway, type FakeSocket, type TestGateway } from '../test-kit/test-gateway.ts'

const PROMPT = {
  '1': { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
  '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
}

/** Runs node 2 and shows a picture. */
async function runTrivial(run: ScriptedRun): ReturnType<Script> {
  await run.tell({ $case: 'jobStart', value: { cachedNodeIds: [], passCount: 1 } })
  await run.tell({ $case: 'nodeStart', value: { nodeId: '2' } })
  const outputJson = '{"images": [{"filename": "a.png"}]}'
  await run.tell({ $case: 'nodeEnd', value: { nodeId: '2', outputJson, cached: false } })
  return { kind: 'done', result: JobResult.fromPartial({ nodeOutputsJson: { '2': outputJson } }) }
}

/** What a socket heard, in a few letters. */
function sketch(socket: FakeSocket): string[] {
  return socket.messages
    .filter(({ type }) => type !== 'status')
    .map(({ type, data }) =>
      type === 'executing' ? `X${String(data['node'])}` : type.replace('execution_', ''),
    )
}

describe('the websocket hub', () => {
  let gateway: TestGateway
  const open = async (script: Script = runTrivial) => {
    gateway = await openTestGateway({ script })
    return gateway
  }
  const submit = async (body: object) => {
    const answer = await gateway.request('POST', '/prompt', { prompt: PROMPT, ...body })
    expect(answer.status).toBe(200)
  }
  const connect = async (clientId?: string) => {
    const socket = gateway.connect(clientId)
    await socket.waitFor(1)
    return socket
  }
  afterEach(() => gateway.close())

  const WHOLE_RUN = [
    'start',
    'cached',
    'progress_state',
    'X2',
    'executed',
    'progress_state',
    'success',
    'Xnull',
  ]

  it('tells sockets without an id of prompts without one, and the others only of their progress', async () => {
    await open()
    const [nameless, named] = [await connect(), await connect('me')]
    await submit({})
    await gateway.dispatcher.settle()
    expect(sketch(nameless)).toEqual(WHOLE_RUN)
    expect(sketch(named)).toEqual(['progress_state', 'progress_state'])
  })

  it('takes a socket that announces features for a client with an id', async () => {
    await open()
    const browser = await connect()
    browser.say('{"type": "feature_flags", "data": {}}')
    await submit({})
    await gateway.dispatcher.settle()
    expect(sketch(browser)).toEqual(['feature_flags', 'progress_state', 'progress_state'])
  })

  it('tells a socket of prompts that carry the id it was given, and from then on of no others', async () => {
    await open()
    const socket = await connect()
    const sid = socket.messages[0]?.data['sid'] as string
    await submit({ client_id: sid })
    await gateway.dispatcher.settle()
    expect(sketch(socket)).toEqual(WHOLE_RUN)
    await submit({})
    await gateway.dispatcher.settle()
    expect(sketch(socket).slice(WHOLE_RUN.length)).toEqual(['progress_state', 'progress_state'])
  })

  it('keeps tenants apart', async () => {
    await open()
    const stranger = await connect('me')
    const other = gateway.connect()
    gateway.hub.handleConnection(other as never, { tenant: 'elsewhere', clientId: 'me' })
    await submit({ client_id: 'me' })
    await gateway.dispatcher.settle()
    expect(sketch(stranger)).toEqual(WHOLE_RUN)
    expect(other.messages.filter(({ type }) => type !== 'status')).toEqual([])
  })

  it('names the running node to a client that comes back', async () => {
    await open(async (run) => {
      await run.tell({ $case: 'jobStart', value: { cachedNodeIds: [], passCount: 1 } })
      await run.tell({ $case: 'nodeStart', value: { nodeId: '1' } })
      await run.hold()
      return runTrivial(run)
    })
    await submit({ client_id: 'me' })
    await gateway.dispatcher.settle()
    const socket = await connect('me')
    expect(socket.messages.slice(0, 2)).toEqual([
      { type: 'status', data: { status: { exec_info: { queue_remaining: 1 } }, sid: 'me' } },
      { type: 'executing', data: { node: '1' } },
    ])
    gateway.dispatcher.release()
    await gateway.dispatcher.settle()
    expect(sketch(socket).at(-1)).toBe('Xnull')
  })

  it('tells a client that was away how its prompts ended', async () => {
    await open()
    await connect('somebody else')
    await submit({ client_id: 'me' })
    await gateway.dispatcher.settle()
    expect(sketch(await connect('me'))).toEqual(['executed', 'success', 'Xnull'])
    expect(sketch(await connect('me')), 'once').toEqual([])
  })

  it('lets the newest socket of an id hear, also after the older one has closed', async () => {
    await open()
    const [first, second] = [await connect('me'), await connect('me')]
    first.close()
    await submit({ client_id: 'me' })
    await gateway.dispatcher.settle()
    expect(sketch(first)).toEqual([])
    expect(sketch(second)).toEqual(WHOLE_RUN)
  })

  it('does not mix what two prompts of one client say', async () => {
    await open()
    const socket = await connect('me')
    const { record } = { record: await firstRecord('p1') }
    const other = await firstRecord('p2')
    const tell = (job: typeof record, nodeId: string) =>
      gateway.dispatcher.tell({
        kind: 'event',
        record: job,
        event: {
          ...{ jobId: job.job?.id ?? '', epoch: 1, sequence: 1, timeMs: 0 },
          event: { $case: 'nodeStart', value: { nodeId } },
        },
      })
    tell(record, '1')
    tell(other, '1')
    tell(record, '2')
    expect(sketch(socket).filter((it) => it.startsWith('X'))).toEqual(['X1', 'X2'])
  })

  async function firstRecord(promptId: string) {
    const updates = new Promise<Parameters<Parameters<typeof gateway.dispatcher.subscribe>[1]>[0]>(
      (resolve) => {
        gateway.dispatcher.subscribe({ tenant: 'open' }, (update) => {
          if (update.record.job?.publicId === promptId) resolve(update)
        })
      },
    )
    await submit({ client_id: 'other', prompt_id: promptId })
    const { record } = await updates
    await gateway.dispatcher.settle()
    return { ...record, job: { ...record.job!, id: `told ${promptId}`, clientId: 'me' } }
  }

  it('shows the end of a prompt again that is submitted again', async () => {
    await open()
    const socket = await connect('me')
    await submit({ client_id: 'me', prompt_id: 'same' })
    await gateway.dispatcher.settle()
    const before = socket.frames.length
    await submit({ client_id: 'me', prompt_id: 'same' })
    expect(sketch(socket).slice(WHOLE_RUN.length)).toEqual([
      ...['start', 'cached', 'executed', 'progress_state', 'success', 'Xnull'],
    ])
    expect(socket.frames.length - before, 'nothing was queued').toBe(6)
  })

  it('sends the next frame only when a stored picture before it was read', async () => {
    await open(async (run) => {
      const blob = await gateway.store.blobs.put('results/x/1/0', Buffer.from('picture'), 'image/png')
      const file = NamedFile.fromPartial({ nodeId: '2', blob })
      await run.tell({ $case: 'imageReady', value: { file, index: 0, count: 1 } })
      return runTrivial(run)
    })
    const socket = await connect('me')
    await submit({ client_id: 'me' })
    await gateway.dispatcher.settle()
    while (!sketch(socket).includes('Xnull')) await new Promise((resolve) => setTimeout(resolve, 1))
    const kinds = socket.frames.map((it) =>
      typeof it === 'string' ? (JSON.parse(it) as { type: string }).type : it,
    )
    const at = kinds.findIndex((kind) => typeof kind !== 'string')
    expect(Buffer.from(kinds[at] as Uint8Array).toString('latin1')).toBe('\0\0\0\x01\0\0\0\x02picture')
    expect([kinds[at - 1], kinds[at + 1]]).toEqual(['progress', 'progress_state'])
  })

  it('leaves progress out for a client that does not read, and gives up one that is stuck', async () => {
    await open()
    const socket = await connect('me')
    socket.bufferedAmount = 5 * 1024 * 1024
    await submit({ client_id: 'me' })
    await gateway.dispatcher.settle()
    expect(sketch(socket)).toEqual(['start', 'cached', 'X2', 'executed', 'success', 'Xnull'])
    socket.bufferedAmount = 2 ** 40
    await submit({ client_id: 'me' })
    await gateway.dispatcher.settle()
    expect(socket.readyState).not.toBe(socket.OPEN)
  })

  it('tells the length of the queue once when it is emptied, and all of a prompt that ran after all', async () => {
    await open(async (run) => {
      await run.hold()
      return runTrivial(run)
    })
    const socket = await connect('me')
    for (const id of ['a', 'b', 'c']) await submit({ prompt_id: id, client_id: 'me' })
    await gateway.dispatcher.settle()
    const before = socket.messages.length
    await gateway.request('POST', '/queue', { clear: true })
    expect(socket.messages.slice(before).map(({ data }) => data)).toEqual([
      { status: { exec_info: { queue_remaining: 1 } } },
    ])
    const [running] = await gateway.store.jobs.list({ states: [2] })
    gateway.deps.comfyNotices?.tell({ kind: 'queue-cleared', tenant: 'open', jobIds: [running!.job!.id] })
    gateway.dispatcher.release()
    await gateway.dispatcher.settle()
    expect(sketch(socket).at(-1)).toBe('Xnull')
  })

  it('survives a socket that breaks', async () => {
    await open()
    const socket = await connect('me')
    socket.emit('error', new Error('reset'))
    expect(socket.readyState).not.toBe(socket.OPEN)
    await submit({ client_id: 'me' })
  })
})
