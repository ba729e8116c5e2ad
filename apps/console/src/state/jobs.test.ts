import type { JobSummary } from '@atelier/catalog/atelier-api'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Client } from '../api/client.ts'
import { createJobsStore } from './jobs.ts'

const job = (id: string, state: JobSummary['state']) => ({ id, state }) as JobSummary

/** A server whose streams and history a test moves by hand. */
function createServer() {
  const streams: ReadableStreamDefaultController<Uint8Array>[] = []
  const server = {
    ended: [] as JobSummary[],
    connections: () => streams.length,
    tell(name: string, data: unknown) {
      const text = `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
      streams.at(-1)?.enqueue(new TextEncoder().encode(text))
    },
    hangUp: () => streams.at(-1)?.close(),
    isAway: false,
  }
  const client = {
    open: async () => {
      if (server.isAway) throw new Error('away')
      return new ReadableStream<Uint8Array>({ start: (controller) => void streams.push(controller) })
    },
    getJson: async () => ({ jobs: server.ended }),
    send: vi.fn(async () => ({})),
  }
  return { server, client: client as unknown as Client & { send: typeof client.send } }
}

describe('the jobs of the page', () => {
  beforeEach(() => {
    vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }))
  })
  afterEach(() => vi.unstubAllGlobals())

  const open = () => {
    const { server, client } = createServer()
    const store = createJobsStore(client)
    const told: string[] = []
    store.onEnd = ({ id, state }) => told.push(`${id} ${state}`)
    return { server, client, store, told, stop: store.connect() }
  }

  it('are kept up to date, and each end is told once', async () => {
    const { server, store, told, stop } = open()
    await vi.waitFor(() => expect(server.connections()).toBe(1))
    server.tell('jobs', { jobs: [job('a', 'running')] })
    await vi.waitFor(() => expect(store.open.value).toHaveLength(1))
    expect(store.connection.value).toBe('live')
    server.tell('job', job('a', 'done'))
    server.tell('job', job('a', 'done'))
    await vi.waitFor(() => expect(store.ended.value).toHaveLength(1))
    expect([store.open.value, told]).toEqual([[], ['a done']])
    stop()
  })

  it('tell what ended while the line was broken, but not what had ended before the page came', async () => {
    const { server, store, told, stop } = open()
    server.ended = [job('old', 'done')]
    await vi.waitFor(() => expect(store.ended.value).toHaveLength(1))
    server.ended = [job('later', 'failed'), job('missed', 'done'), job('old', 'done')]
    server.hangUp()
    await vi.waitFor(() => expect(told).toEqual(['missed done', 'later failed']), 5_000)
    stop()
  })

  it('say when there is no server, and come back with it', async () => {
    const { server, store, stop } = open()
    await vi.waitFor(() => expect(server.connections()).toBe(1))
    server.isAway = true
    server.hangUp()
    await vi.waitFor(() => expect(store.connection.value).toBe('lost'), 5_000)
    server.isAway = false
    await vi.waitFor(() => expect(server.connections()).toBe(2), 5_000)
    server.tell('jobs', { jobs: [] })
    await vi.waitFor(() => expect(store.connection.value).toBe('live'))
    stop()
  })

  it('are cancelled, skipped and forgotten by their address', async () => {
    const { server, client, store, stop } = open()
    server.ended = [job('a', 'done'), job('b', 'done')]
    await vi.waitFor(() => expect(store.ended.value).toHaveLength(2))
    await store.cancel('x')
    await store.skip('x')
    await store.forget(['a'])
    expect(client.send.mock.calls).toEqual([
      ['DELETE', 'atelier/v1/jobs/x'],
      ['POST', 'atelier/v1/jobs/x/skip'],
      ['POST', 'atelier/v1/jobs/forget', { ids: ['a'] }],
    ])
    expect(store.ended.value.map(({ id }) => id)).toEqual(['b'])
    stop()
  })
})
