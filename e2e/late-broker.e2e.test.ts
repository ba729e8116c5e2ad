import { setTimeout as sleep } from 'node:timers/promises'
import { findPort, hasNatsServer, startNatsServer, type TestNatsServer } from '@atelier/ledger/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { postJson, waitForModels } from './kit/calls.ts'
import { createCluster, type Cluster, type ClusterGateway, type ClusterWorker } from './kit/cluster.ts'

// A gateway and a worker that start before their broker: they live, and say what they wait for.

/** Status and text of an answer; undefined while nobody answers. */
async function ask(address: string): Promise<[number, string] | undefined> {
  const answer = await fetch(address).catch(() => undefined)
  return answer && [answer.status, await answer.text()]
}

/** Asks until there is an answer that is wanted, and gives it. */
async function askUntil(
  address: string,
  isWanted: (answer: readonly [number, string]) => boolean,
): Promise<readonly [number, string]> {
  for (;;) {
    const answer = await ask(address)
    if (answer !== undefined && isWanted(answer)) return answer
    await sleep(50)
  }
}

describe.skipIf(!hasNatsServer())('programs whose broker comes late', () => {
  let broker: TestNatsServer | undefined
  let port: number
  let cluster: Cluster
  let gateway: ClusterGateway
  let worker: ClusterWorker
  let started: Promise<unknown>
  beforeAll(async () => {
    port = await findPort()
    cluster = await createCluster({
      ...{ gateways: 1, workers: 1, natsUrl: `nats://someone:secret@127.0.0.1:${port}` },
      environment: { ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '5' },
    })
    ;[gateway, worker] = [cluster.gateways[0]!, cluster.workers[0]!]
    started = Promise.all([gateway.start(), worker.start()])
    // Their health ports answer although neither is ready.
    for (const { operations } of [gateway, worker]) await askUntil(`${operations}/healthz`, () => true)
  }, 120_000)
  afterAll(async () => {
    await started.catch(() => undefined)
    await cluster.stop()
    await broker?.dispose()
  }, 90_000)

  it('live, are not ready, and say why', async () => {
    for (const { operations } of [gateway, worker]) {
      expect(await ask(`${operations}/healthz`)).toEqual([200, 'ok\n'])
      const reason = `not ready: the broker cannot be reached: 127.0.0.1:${port}: `
      const [status, text] = await askUntil(`${operations}/readyz`, ([, said]) => said.includes('broker'))
      expect([status, text]).toEqual([503, expect.stringContaining(reason)])
      expect(text).not.toContain('secret')
    }
    for (const program of [gateway, worker]) expect(program.output()).not.toContain('secret')
  })

  it('refuse calls as each surface does, and say when to come back', async () => {
    const calls = {
      [`${gateway.webui}/sdapi/v1/sd-models`]: { error: 'HTTPException', detail: expect.any(String) },
      [`${gateway.comfy}/queue`]: { error: { type: 'unavailable' }, node_errors: {} },
      [`${gateway.comfy}/api/object_info`]: { error: { type: 'unavailable' }, node_errors: {} },
      [`${gateway.webui}/atelier/v1/jobs`]: { error: { code: 'unavailable' } },
    }
    for (const [address, body] of Object.entries(calls)) {
      const answer = await fetch(address)
      expect([address, answer.status, answer.headers.get('retry-after')]).toEqual([address, 503, '5'])
      expect(await answer.json()).toMatchObject(body)
    }
    expect((await fetch(`${gateway.webui}/internal/ping`)).status).toBe(200)
  })

  it('let no websocket in', async () => {
    const socket = new WebSocket(`${gateway.comfy.replace('http', 'ws')}/ws`)
    const status = await new Promise((resolve) => {
      socket.once('unexpected-response', (_request, answer) => resolve(answer.statusCode))
      socket.once('open', () => resolve('open'))
    })
    expect(status).toBe(503)
  })

  it('work as soon as it is there', async () => {
    broker = await startNatsServer({ port, args: ['--user', 'someone', '--pass', 'secret'] })
    await started
    await waitForModels(gateway)
    for (const { operations } of [gateway, worker])
      expect(await askUntil(`${operations}/readyz`, ([status]) => status === 200)).toEqual([200, 'ready\n'])
    const body = { prompt: 'x', width: 64, height: 64, steps: 1 }
    expect((await postJson(`${gateway.webui}/sdapi/v1/txt2img`, body)).status).toBe(200)
  })
})
