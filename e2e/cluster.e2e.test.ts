import { hasNatsServer, startNatsServer, type TestNatsServer } from '@atelier/ledger/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getJson, makePicture, postJson, waitForModels } from './kit/calls.ts'
import { startCluster, type Cluster, type ClusterGateway } from './kit/cluster.ts'
import { isEndOf, openComfySocket } from './kit/comfy-socket.ts'
import { createGraph } from './kit/graph.ts'
import { readNote } from './kit/pixel-note.ts'

// Two gateways, two workers, one real nats-server: a client's requests land on either gateway.

describe.skipIf(!hasNatsServer())('a cluster', () => {
  let nats: TestNatsServer
  let cluster: Cluster
  let a: ClusterGateway
  let b: ClusterGateway
  beforeAll(async () => {
    nats = await startNatsServer()
    cluster = await startCluster({
      gateways: 2,
      workers: 2,
      natsUrl: nats.url,
      environment: {
        ...{ ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '50', ATELIER_SLOTS: '2' },
        ATELIER_DRAIN_SECONDS: '2',
      },
    })
    ;[a, b] = cluster.gateways as [ClusterGateway, ClusterGateway]
    await waitForModels(a)
    await waitForModels(b)
  }, 300_000)
  afterAll(async () => {
    await cluster.stop()
    await nats.dispose()
  }, 90_000)

  const request = (id: string, steps = 20) => ({
    ...{ prompt: 'x', width: 64, height: 64, steps, force_task_id: id },
  })
  const generate = async (gateway: ClusterGateway, body: object) => {
    const { status, json } = await postJson(`${gateway.webui}/sdapi/v1/txt2img`, body)
    expect(status, JSON.stringify(json).slice(0, 300)).toBe(200)
    return Buffer.from((json as { images: string[] }).images[0] ?? '', 'base64')
  }
  /** A client that is told to come back later does, with the same id. */
  const generateUntilTaken = async (gateway: ClusterGateway, body: object): Promise<Buffer> => {
    for (;;) {
      const { status, json } = await postJson(`${gateway.webui}/sdapi/v1/txt2img`, body)
      if (status === 200) return Buffer.from((json as { images: string[] }).images[0] ?? '', 'base64')
      expect(status).toBe(503)
      await sleep(500)
    }
  }
  const submitGraph = async (gateway: ClusterGateway, body: object): Promise<string> => {
    const { status, json } = await postJson(`${gateway.comfy}/prompt`, body)
    expect(status, JSON.stringify(json).slice(0, 300)).toBe(200)
    return (json as { prompt_id: string }).prompt_id
  }

  it('answers many at once through both gateways, each with its own picture', async () => {
    const ids = Array.from({ length: 16 }, (_, i) => `task(both-${i})`)
    const notes = await Promise.all(
      ids.map(async (id, i) => readNote(await generate(i % 2 === 0 ? a : b, request(id, 3)))),
    )
    expect(notes).toEqual(ids)
  })

  it('shows at one gateway how far a job is that came through the other', async () => {
    const picture = generate(a, request('task(seen-at-b)', 40))
    const seen: number[] = []
    const state = { isRunning: true }
    void picture.finally(() => (state.isRunning = false))
    while (state.isRunning) {
      seen.push(((await getJson(`${b.webui}/sdapi/v1/progress`)) as { progress: number }).progress)
      await sleep(50)
    }
    await picture
    expect(Math.max(...seen)).toBeGreaterThan(0.2)
    await expect
      .poll(async () => ((await getJson(`${b.webui}/sdapi/v1/progress`)) as { progress: number }).progress)
      .toBe(0)
  })

  it('stops at one gateway what came through the other', async () => {
    const picture = generate(a, request('task(stopped)', 400))
    await expect
      .poll(async () => ((await getJson(`${b.webui}/sdapi/v1/progress`)) as { progress: number }).progress)
      .toBeGreaterThan(0.01)
    await postJson(`${b.webui}/sdapi/v1/interrupt`, {})
    await picture
  })

  it('runs a request once that comes through both gateways', async () => {
    const body = request('task(twice)', 6)
    const [first, second] = await Promise.all([generate(a, body), generate(b, body)])
    expect(first.equals(second)).toBe(true)
  })

  it('tells a websocket of one gateway of a prompt of the other; history and view are everywhere', async () => {
    const socket = await openComfySocket(b.comfy, 'client-1')
    const promptId = await submitGraph(a, { prompt: createGraph(1), client_id: 'client-1' })
    await socket.until((frame) => isEndOf(frame, promptId))
    expect(socket.frames.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['execution_start', 'executing', 'progress', 'executed', 'execution_success']),
    )
    socket.close()
    const history = (await getJson(`${b.comfy}/history/${promptId}`)) as Record<string, HistoryEntry>
    const image = history[promptId]?.outputs['9']?.images[0]
    expect(image?.['filename']).toMatch(/^cluster_\d{5}_\.png$/)
    const views = await Promise.all(
      [a, b].map(async ({ comfy }) => {
        const view = await fetch(`${comfy}/view?${new URLSearchParams(image)}`)
        return Buffer.from(await view.arrayBuffer())
      }),
    )
    expect(views[0]?.subarray(1, 4).toString()).toBe('PNG')
    expect(views[0]?.equals(views[1] ?? Buffer.alloc(0))).toBe(true)
  })

  it('tells a client that comes back at another gateway how its prompt ended, once', async () => {
    const first = await openComfySocket(a.comfy, 'client-2')
    const promptId = await submitGraph(a, { prompt: createGraph(2, 20), client_id: 'client-2' })
    await first.until(({ type }) => type === 'progress')
    first.close()
    await expect
      .poll(async () => Object.keys((await getJson(`${b.comfy}/history/${promptId}`)) as object), {
        timeout: 20_000,
      })
      .toEqual([promptId])
    const second = await openComfySocket(b.comfy, 'client-2')
    await second.until((frame) => isEndOf(frame, promptId))
    expect(second.frames.filter(({ type }) => type === 'execution_success')).toHaveLength(1)
    second.close()
  })

  it('takes a picture uploaded at one gateway for a graph of the other', async () => {
    const form = new FormData()
    const bytes = new Uint8Array(await makePicture(30, 20))
    form.set('image', new Blob([bytes], { type: 'image/png' }), 'shared.png')
    expect(await (await fetch(`${a.comfy}/upload/image`, { method: 'POST', body: form })).json()).toEqual({
      ...{ name: 'shared.png', subfolder: '', type: 'input' },
    })
    const view = await fetch(`${b.comfy}/view?filename=shared.png&type=input`)
    expect(Buffer.from(await view.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true)
  })

  it('numbers prompts of both gateways in one row', async () => {
    const numbers = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const body = { prompt: createGraph(100 + i, 1) }
        const { json } = await postJson(`${(i % 2 === 0 ? a : b).comfy}/prompt`, body)
        return (json as { number: number }).number
      }),
    )
    expect(new Set(numbers).size).toBe(8)
    await expect
      .poll(async () => ((await getJson(`${a.comfy}/queue`)) as { queue_running: unknown[] }).queue_running, {
        timeout: 20_000,
      })
      .toEqual([])
  })

  it('runs a job again elsewhere when its worker is killed, with the same picture', async () => {
    const id = 'task(survivor)'
    const picture = generate(a, request(id, 100))
    const holder = await waitForHolder(cluster)
    await holder.kill()
    expect(await readNote(await picture)).toBe(id)
    await holder.start()
  }, 300_000)

  it('loses nothing when the broker is killed and comes back', async () => {
    const ids = Array.from({ length: 8 }, (_, i) => `task(outage-${i})`)
    const pictures = ids.map((id, i) => generateUntilTaken(i % 2 === 0 ? a : b, request(id, 60)))
    await waitForHolder(cluster)
    await nats.kill()
    await sleep(3_000)
    await nats.start()
    expect(await Promise.all(pictures.map(async (picture) => readNote(await picture)))).toEqual(ids)
  }, 300_000)

  it('refuses with 503 and Retry-After while the broker is away, and works again when it is back', async () => {
    await nats.kill()
    const { status, headers } = await fetch(`${a.webui}/sdapi/v1/txt2img`, {
      method: 'POST',
      body: JSON.stringify(request('task(refused)')),
      headers: { 'content-type': 'application/json' },
    })
    expect([status, headers.get('retry-after')]).toEqual([503, '5'])
    await nats.start()
    await expect
      .poll(async () => (await postJson(`${a.webui}/sdapi/v1/txt2img`, request('task(back)', 3))).status, {
        timeout: 60_000,
        interval: 500,
      })
      .toBe(200)
  }, 300_000)

  it('hands back what a stopped worker cannot finish in time, and it ends elsewhere', async () => {
    const id = 'task(drained)'
    const picture = generate(a, request(id, 200))
    const holder = await waitForHolder(cluster)
    expect(await holder.stop()).toBe(0)
    expect(await readNote(await picture)).toBe(id)
    expect(holder.output()).toContain('handed-back')
  }, 300_000)
})

interface HistoryEntry {
  readonly outputs: Record<string, { images: Record<string, string>[] }>
}

/** The worker that begins the next job. */
async function waitForHolder({ workers }: Cluster) {
  const before = workers.map(lastClaim)
  const limit = Date.now() + 30_000
  for (;;) {
    const holder = workers.find((worker, i) => lastClaim(worker) !== before[i])
    if (holder !== undefined) return holder
    if (Date.now() > limit) throw new Error('no worker began a job')
    await sleep(20)
  }
}

/** The last line in which a worker said that it begins a job; it holds the time and the job's id. */
function lastClaim(worker: { output(): string }): string | undefined {
  return worker
    .output()
    .split('\n')
    .findLast((line) => line.includes('"job-claimed"'))
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
