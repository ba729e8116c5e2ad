import { ImageFormat, JobResult, NamedFile } from '@atelier/proto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GatewayDeps } from '../../deps.ts'
import type { Happening, Script, ScriptedRun } from '../test-kit/scripted-dispatcher.ts'
import { FakeSocket, openTestGateway, type TestGateway } from '../test-kit/test-gateway.ts'
import { ClientSocket } from './client-socket.ts'
import type { ComfyNotice } from './notices.ts'
import { ShownEnds } from './shown-ends.ts'
import { TenantChannel } from './tenant-channel.ts'

const PROMPT = {
  '1': { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
  '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
}
const OUTPUT = '{"images": [{"filename": "a.png"}]}'

const begin: Happening = { $case: 'jobStart', value: { cachedNodeIds: [], passCount: 1 } }
const startNode = (nodeId: string): Happening => ({ $case: 'nodeStart', value: { nodeId } })
const step = (value: number): Happening => ({
  $case: 'stepProgress',
  value: { nodeId: '2', step: value, totalSteps: 20, imageIndex: 0, passIndex: 0 } as never,
})
const preview = (value: number): Happening => ({
  $case: 'previewReady',
  value: {
    ...{ format: ImageFormat.IMAGE_FORMAT_JPEG, data: Buffer.from('jpeg'), width: 8, height: 8 },
    ...{ nodeId: '2', step: value },
  },
})

async function runWhole(run: ScriptedRun): ReturnType<Script> {
  await run.tell(begin)
  await run.tell(startNode('2'))
  await run.tell({ $case: 'nodeEnd', value: { nodeId: '2', outputJson: OUTPUT, cached: false } })
  return { kind: 'done', result: JobResult.fromPartial({ nodeOutputsJson: { '2': OUTPUT } }) }
}

/** A run that tells these things and ends with nothing shown. */
const telling =
  (...events: Happening[]): Script =>
  async (run) => {
    await run.tell(begin)
    for (const event of events) await run.tell(event)
    return { kind: 'done', result: JobResult.create() }
  }

describe('a tenant’s channel', () => {
  let gateway: TestGateway
  let shown: ShownEnds
  let notices: ComfyNotice[]
  const channels: TenantChannel[] = []

  beforeEach(() => (notices = []))
  afterEach(async () => {
    for (const channel of channels.splice(0)) channel.close()
    await gateway.close()
  })

  const openGateway = async (script: Script = runWhole) => {
    gateway = await openTestGateway({ script })
    shown = new ShownEnds(gateway.deps.now)
    gateway.deps.comfyNotices?.subscribe((notice) => notices.push(notice))
  }
  const openChannel = (changes: Partial<GatewayDeps> = {}) => {
    const channel = new TenantChannel({ ...gateway.deps, ...changes }, 'open', shown)
    channels.push(channel)
    return channel
  }
  const join = async (channel: TenantChannel, id: string, isNamed = true) => {
    const socket = new FakeSocket()
    const features = { supports_preview_metadata: true, max_upload_size: 1 }
    const client = new ClientSocket(socket as never, { sid: id, isNamed, features })
    await channel.connect(client)
    return { socket, client }
  }
  const submit = (body: object) => gateway.request('POST', '/prompt', { prompt: PROMPT, ...body })
  const run = async (body: object) => {
    await submit(body)
    await gateway.dispatcher.settle()
  }
  /** Types of the texts, and the bytes. */
  const kinds = ({ socket }: { socket: FakeSocket }) =>
    socket.frames.map((frame) =>
      typeof frame === 'string' ? (JSON.parse(frame) as { type: string }).type : frame,
    )
  const bytesOf = (one: { socket: FakeSocket }) =>
    one.socket.frames.filter((frame) => typeof frame !== 'string').map((frame) => Buffer.from(frame))

  describe('that opens late', () => {
    it('knows the prompts that wait and run, and which node runs', async () => {
      await openGateway(async (one) => {
        await one.tell(begin)
        await one.tell(startNode('2'))
        await one.hold()
        return runWhole(one)
      })
      await run({ client_id: 'me' })
      await submit({ client_id: 'other' })
      const channel = openChannel()
      const [mine, others] = [await join(channel, 'me'), await join(channel, 'other')]
      expect(mine.socket.messages).toEqual([
        { type: 'status', data: { status: { exec_info: { queue_remaining: 2 } }, sid: 'me' } },
        { type: 'executing', data: { node: '2' } },
      ])
      expect(kinds(others)).toEqual(['status'])
    })

    it('tells a client how a prompt ended that nobody heard of', async () => {
      await openGateway()
      await run({ client_id: 'me', prompt_id: 'p' })
      const channel = openChannel()
      const { socket } = await join(channel, 'me')
      expect(socket.messages.map(({ type, data }) => [type, data['node'] ?? null])).toEqual([
        ['status', null],
        ['executed', '2'],
        ['execution_success', null],
        ['executing', null],
      ])
      expect(kinds(await join(channel, 'me')), 'once').toEqual(['status'])
    })

    it('says nothing of ends that were shown, that are old, or whose prompt has no client', async () => {
      await openGateway()
      await run({ client_id: 'shown' })
      await run({})
      for (const record of await gateway.store.jobs.list({})) shown.add(record.job?.id ?? '')
      await run({ client_id: 'old' })
      const later = openChannel({ now: () => Date.now() + 61_000 })
      expect(kinds(await join(openChannel(), 'shown'))).toEqual(['status'])
      expect(kinds(await join(openChannel(), ''))).toEqual(['status'])
      expect(kinds(await join(later, 'old'))).toEqual(['status'])
      expect(kinds(await join(openChannel(), 'old')).length).toBeGreaterThan(1)
    })

    it('passes over the last events of prompts that had ended', async () => {
      await openGateway()
      await run({ client_id: 'me' })
      const channel = openChannel()
      const { socket } = await join(channel, 'me')
      const before = socket.frames.length
      const [record] = await gateway.store.jobs.list({})
      gateway.dispatcher.tell({ kind: 'record', record: record! })
      expect(socket.frames).toHaveLength(before)
    })

    it('lets sockets in while the ledger cannot be read', async () => {
      await openGateway()
      const list = () => Promise.reject(new Error('gone'))
      const channel = openChannel({
        store: {
          ...gateway.store,
          jobs: Object.assign(Object.create(gateway.store.jobs as object), { list }),
        },
      } as never)
      const mine = await join(channel, 'me')
      expect(kinds(mine)).toEqual(['status'])
      await run({ client_id: 'me' })
      expect(kinds(mine).at(-1), 'and tells what happens from then on').toBe('executing')
    })
  })

  describe('sends pictures', () => {
    const joinKnowing = async (channel: TenantChannel, id: string) => {
      const one = await join(channel, id)
      one.socket.say('{"type": "feature_flags", "data": {"supports_preview_metadata": true}}')
      return one
    }

    // comfyui-api.md 4.4: the order of ComfyUI 0.3.64.
    it('before the progress of their step to clients that know metadata, after it to others', async () => {
      await openGateway(telling(startNode('2'), preview(1), step(1)))
      const channel = openChannel()
      const [knowing, plain] = [await joinKnowing(channel, 'new'), await join(channel, 'plain')]
      await run({ client_id: 'new' })
      await run({ client_id: 'plain' })
      const order = (one: { socket: FakeSocket }) => {
        const names = kinds(one).map((kind) => (typeof kind === 'string' ? kind : 'picture'))
        const at = names.indexOf('picture')
        return names.slice(at - 1, at + 2)
      }
      expect(order(knowing)).toEqual(['progress_state', 'picture', 'progress'])
      expect(order(plain)).toEqual(['progress', 'picture', 'execution_success'])
    })

    // comfyui-api.md 4.5: the layout of binary frames.
    it('with the node and prompt they belong to, or with their format alone', async () => {
      await openGateway(telling(startNode('2'), preview(1), step(1)))
      const channel = openChannel()
      const [knowing, plain] = [await joinKnowing(channel, 'new'), await join(channel, 'plain')]
      await run({ client_id: 'new', prompt_id: 'p' })
      await run({ client_id: 'plain' })
      const [bytes] = bytesOf(knowing)
      const length = bytes!.readUInt32BE(4)
      expect(bytes!.readUInt32BE(0)).toBe(4)
      expect(JSON.parse(bytes!.subarray(8, 8 + length).toString())).toEqual({
        ...{ node_id: '2', prompt_id: 'p', display_node_id: '2', parent_node_id: null, real_node_id: '2' },
        image_type: 'image/jpeg',
      })
      expect(bytes!.subarray(8 + length).toString()).toBe('jpeg')
      expect(bytesOf(plain).map((one) => one.toString('latin1'))).toEqual(['\0\0\0\x01\0\0\0\x01jpeg'])
    })

    it('of a prompt without a client to everybody, in the form that all understand', async () => {
      await openGateway(telling(startNode('2'), preview(1), step(1)))
      const channel = openChannel()
      const [knowing, plain] = [await joinKnowing(channel, 'a'), await join(channel, 'b')]
      await run({})
      for (const one of [knowing, plain]) {
        expect(bytesOf(one).map((bytes) => bytes.toString('latin1'))).toEqual(['\0\0\0\x01\0\0\0\x01jpeg'])
      }
    })

    it('leaves out one whose bytes cannot be read, and goes on', async () => {
      await openGateway(
        telling({
          $case: 'imageReady',
          value: {
            file: NamedFile.fromPartial({
              nodeId: '2',
              blob: { key: 'results/gone', mediaType: 'image/png', sizeBytes: 1, sha256: 'x' },
            }),
            ...{ index: 0, count: 1 },
          },
        }),
      )
      const read = () => Promise.reject(new Error('the disk is gone'))
      const blobs = Object.assign(Object.create(gateway.store.blobs as object), { read })
      const channel = openChannel({ store: { ...gateway.store, blobs } } as never)
      const mine = await join(channel, 'me')
      await run({ client_id: 'me' })
      while (kinds(mine).at(-1) !== 'executing') await new Promise((resolve) => setTimeout(resolve, 1))
      expect(bytesOf(mine)).toEqual([])
    })
  })

  it('shows a node’s text to everybody who watches', async () => {
    await openGateway(telling({ $case: 'nodeText', value: { nodeId: '2ä', text: 'width: 8' } }))
    const channel = openChannel()
    const mine = await join(channel, 'me')
    await run({ client_id: 'me' })
    const id = Buffer.from('2ä')
    expect(bytesOf(mine)).toEqual([
      Buffer.concat([Buffer.of(0, 0, 0, 3, 0, 0, 0, id.length), id, Buffer.from('width: 8')]),
    ])
  })

  it('tells other gateways that a client heard of an end, if it has a socket here', async () => {
    await openGateway()
    const channel = openChannel()
    await join(channel, 'me')
    await run({ client_id: 'me' })
    await run({ client_id: 'away' })
    await run({})
    const [first] = await gateway.store.jobs.list({})
    expect(notices).toEqual([{ kind: 'end-shown', tenant: 'open', clientId: 'me', jobId: first?.job?.id }])
  })

  it('forgets a missed end that its client heard elsewhere', async () => {
    await openGateway()
    const channel = openChannel()
    await join(channel, 'somebody')
    await run({ client_id: 'me' })
    const [record] = await gateway.store.jobs.list({})
    channel.dropMissed('me', record?.job?.id ?? '')
    expect(kinds(await join(channel, 'me'))).toEqual(['status'])
  })

  it('pings the sockets that are open', async () => {
    await openGateway()
    const channel = openChannel()
    const [first, second] = [await join(channel, 'a'), await join(channel, 'b')]
    const pinged: string[] = []
    first.socket.on('pinged', () => pinged.push('a'))
    second.socket.on('pinged', () => pinged.push('b'))
    second.socket.readyState = 3
    channel.ping()
    expect(pinged).toEqual(['a'])
  })

  it('is empty when its last socket has left', async () => {
    await openGateway()
    const channel = openChannel()
    const [older, newer] = [await join(channel, 'me'), await join(channel, 'me')]
    channel.disconnect(older.client)
    expect(channel.isEmpty, 'the newer one of the same id stays').toBe(false)
    channel.disconnect(newer.client)
    expect(channel.isEmpty).toBe(true)
  })

  it('hears nothing after it was closed', async () => {
    await openGateway()
    const channel = openChannel()
    const mine = await join(channel, 'me')
    channel.close()
    await run({ client_id: 'me' })
    expect(kinds(mine)).toEqual(['status'])
  })
})
