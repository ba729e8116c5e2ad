import { findPort, hasTool } from '@atelier/ledger/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getJson, postJson } from './kit/calls.ts'
import { startCluster, type Cluster } from './kit/cluster.ts'
import { isEndOf, openComfySocket } from './kit/comfy-socket.ts'
import { createGraph } from './kit/graph.ts'
import { startNatsCluster, type NatsCluster } from './kit/nats-cluster.ts'
import { readNote } from './kit/pixel-note.ts'
import { startProxy, type Proxy } from './kit/proxy.ts'
import { countRequests } from './kit/request-counts.ts'

// The cluster of deploy/compose.yaml in short: three NATS nodes, two gateways behind Caddy with its Caddyfile, a worker.
// Clients know the proxy's two addresses only, and every request of theirs lands on the next gateway.

describe.skipIf(!hasTool('nats-server') || !hasTool('caddy'))('a cluster behind its proxy', () => {
  let nats: NatsCluster
  let cluster: Cluster
  let proxy: Proxy
  beforeAll(async () => {
    nats = await startNatsCluster(3)
    cluster = await startCluster({
      ...{ gateways: 2, workers: 1, natsUrl: nats.url },
      environment: { ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '50', ATELIER_SLOTS: '2' },
    })
    const { gateways } = cluster
    proxy = await startProxy({ gateways, port: await findPort(), comfyPort: await findPort() })
  }, 300_000)
  afterAll(async () => {
    await proxy.stop()
    await cluster.stop()
    await nats.dispose()
  }, 90_000)

  const countEach = () => Promise.all(cluster.gateways.map(countRequests))
  const readProgress = async () =>
    ((await getJson(`${proxy.webui}/sdapi/v1/progress`)) as { progress: number }).progress
  const generate = async (id: string, steps: number) => {
    const body = { prompt: 'x', width: 64, height: 64, steps, force_task_id: id }
    const { status, json } = await postJson(`${proxy.webui}/sdapi/v1/txt2img`, body)
    expect(status, JSON.stringify(json).slice(0, 300)).toBe(200)
    return readNote(Buffer.from((json as { images: string[] }).images[0] ?? '', 'base64'))
  }

  it('shows a client how far its picture is, whichever gateway took the request', async () => {
    const before = await countEach()
    const picture = generate('task(watched)', 40)
    const state = { isRunning: true }
    void picture.finally(() => (state.isRunning = false))
    const seen: number[] = []
    while (state.isRunning) {
      seen.push(await readProgress())
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(await picture).toBe('task(watched)')
    // Neither gateway keeps the truth to itself: what either says rises, but for what is under way.
    const [even, odd] = [0, 1].map((rest) => Math.max(...seen.filter((_, i) => i % 2 === rest)))
    expect(Math.min(even ?? 0, odd ?? 0)).toBeGreaterThan(0.2)
    for (const [i, count] of (await countEach()).entries()) expect(count).toBeGreaterThan(before[i]! + 2)
  })

  it('carries ComfyUI’s websocket, history and pictures', async () => {
    const socket = await openComfySocket(proxy.comfy, 'client')
    const promptIds: string[] = []
    for (let seed = 1; seed <= 4; seed += 1) {
      const { json } = await postJson(`${proxy.comfy}/prompt`, {
        prompt: createGraph(seed),
        client_id: 'client',
      })
      promptIds.push((json as { prompt_id: string }).prompt_id)
    }
    for (const promptId of promptIds) {
      await socket.until((frame) => isEndOf(frame, promptId))
      const history = (await getJson(`${proxy.comfy}/history/${promptId}`)) as Record<
        string,
        { outputs: Record<string, { images: Record<string, string>[] }> }
      >
      const image = history[promptId]?.outputs['9']?.images[0]
      const view = await fetch(`${proxy.comfy}/view?${new URLSearchParams(image)}`)
      expect(view.headers.get('content-type')).toBe('image/png')
    }
    socket.close()
  })

  it('goes on when a gateway is killed, and takes it in again', async () => {
    const [first] = cluster.gateways
    await first!.kill()
    const notes = await Promise.all(Array.from({ length: 6 }, (_, i) => generate(`task(one-left-${i})`, 2)))
    expect(notes).toEqual(Array.from({ length: 6 }, (_, i) => `task(one-left-${i})`))
    await first!.start()
    await expect
      .poll(async () => (await readProgress(), countRequests(first!)), { timeout: 20_000 })
      .toBeGreaterThan(1)
  }, 200_000)
})
