import { fileURLToPath } from 'node:url'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNatsLedger } from '@atelier/ledger/nats'
import { hasNatsServer, startNatsServer, type TestNatsServer } from '@atelier/ledger/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getJson, postJson, waitForModels } from './kit/calls.ts'
import { startCluster, type Cluster, type ClusterGateway, type ClusterWorker } from './kit/cluster.ts'
import { createGraph } from './kit/graph.ts'

// Two gateways and two workers joined by a broker that asks for a password over TLS and has little room.

const fixture = (name: string) =>
  fileURLToPath(new URL(`../packages/ledger/src/nats/__fixtures__/auth/${name}`, import.meta.url))

const ROOM_BYTES = 20 * 1024 ** 2

interface JobJson {
  readonly state: string
  readonly attempt: number
  readonly error?: { readonly code: string; readonly message: string }
  readonly result?: object
}

describe.skipIf(!hasNatsServer())('a guarded cluster', () => {
  let folder: string
  let nats: TestNatsServer
  let cluster: Cluster
  let a: ClusterGateway
  let b: ClusterGateway
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'atelier-guarded-'))
    const config = join(folder, 'nats.conf')
    writeFileSync(
      config,
      `tls { cert_file: "${fixture('server.pem')}", key_file: "${fixture('server.key')}" }
       authorization { users: [ { user: "atelier", password: "pass word" } ] }`,
    )
    nats = await startNatsServer({ args: ['-c', config] })
    cluster = await startCluster({
      gateways: 2,
      workers: 2,
      natsUrl: nats.url,
      environment: {
        ...{ ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '20', ATELIER_SLOTS: '1' },
        ...{ ATELIER_NATS_USER: 'atelier', ATELIER_NATS_PASSWORD: 'pass word' },
        ATELIER_NATS_TLS_CA: fixture('ca.pem'),
        ATELIER_NATS_MAX_RESULTS_GB: String(ROOM_BYTES / 1024 ** 3),
      },
    })
    ;[a, b] = cluster.gateways as [ClusterGateway, ClusterGateway]
    for (const gateway of [a, b]) await waitForModels(gateway)
  }, 300_000)
  afterAll(async () => {
    await cluster.stop()
    await nats.dispose()
    rmSync(folder, { recursive: true, force: true })
  }, 90_000)

  const picture = (more: object = {}) => ({ prompt: 'x', width: 64, height: 64, steps: 3, seed: 1, ...more })
  const post = (url: string, body: object, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
  /** The worker that began the job for the n-th time. */
  const findHolder = (jobId: string, epoch: number): ClusterWorker | undefined =>
    cluster.workers.find((worker) =>
      worker
        .output()
        .split('\n')
        .some(
          (line) =>
            line.includes('"job-claimed"') && line.includes(jobId) && line.includes(`"epoch":${epoch},`),
        ),
    )
  const submitLater = async (body: object): Promise<string> => {
    const answer = await post(`${a.webui}/sdapi/v1/txt2img`, body, { prefer: 'respond-async' })
    expect(answer.status).toBe(202)
    return ((await answer.json()) as { id: string }).id
  }
  const readJob = async (gateway: ClusterGateway, id: string) =>
    (await getJson(`${gateway.webui}/atelier/v1/jobs/${id}`)) as JobJson

  it('takes one of two bodies that come under one key to two gateways at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const key = { 'idempotency-key': `order-${round}` }
      const answers = await Promise.all(
        [a, b].map(({ webui }, seed) => post(`${webui}/sdapi/v1/txt2img`, picture({ seed }), key)),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
      const graphs = await Promise.all(
        [a, b].map(({ comfy }, number) =>
          post(`${comfy}/prompt`, { prompt: createGraph(1), extra_data: { number } }, key),
        ),
      )
      expect(graphs.map(({ status }) => status).sort()).toEqual([200, 409])
    }
  }, 120_000)

  it('runs once what comes under one task id to two gateways at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const body = picture({ force_task_id: `task(once-${round})` })
      const answers = await Promise.all(
        [a, b, a, b].map(async ({ webui }) => (await postJson(`${webui}/sdapi/v1/txt2img`, body)).json),
      )
      const images = answers.map((answer) => (answer as { images: string[] }).images[0])
      expect(new Set(images).size).toBe(1)
    }
  }, 120_000)

  it('tells at one gateway the whole answer of what came through the other without waiting', async () => {
    const body = picture({ force_task_id: 'task(later)' })
    const id = await submitLater(body)
    await expect.poll(async () => (await readJob(b, id)).state, { timeout: 30_000 }).toBe('done')
    const waited = await postJson(`${b.webui}/sdapi/v1/txt2img`, body)
    expect((await readJob(b, id)).result).toEqual(waited.json)
  }, 60_000)

  it('parks a job whose worker dies three times, readable with its reason; others go on', async () => {
    const id = await submitLater(picture({ steps: 150 }))
    for (let death = 1; death <= 3; death += 1) {
      await expect.poll(() => findHolder(id, death), { timeout: 60_000, interval: 50 }).toBeDefined()
      const holder = findHolder(id, death) as ClusterWorker
      await holder.kill()
      if (death < 3) await holder.start()
    }
    await expect.poll(async () => (await readJob(a, id)).state, { timeout: 60_000 }).toBe('parked')
    expect(await readJob(b, id)).toMatchObject({ attempt: 3, error: { code: 'engine-died' } })
    expect((await post(`${a.webui}/sdapi/v1/txt2img`, picture())).status).toBe(200)
  }, 240_000)

  it('turns jobs away before its room is used up, and takes them again when there is some', async () => {
    const store = openNatsLedger({
      settings: {
        ...{ servers: [nats.url], name: 'test', prefix: 'atelier', retentionHours: 168, maxQueued: 20_000 },
        ...{ user: 'atelier', password: 'pass word', tlsCa: fixture('ca.pem'), maxResultBytes: ROOM_BYTES },
      },
    })
    await store.ready()
    const filler = await store.blobs.put('results/filler/1/0', new Uint8Array(ROOM_BYTES * 0.9), 'image/png')
    const submit = async () => post(`${b.webui}/sdapi/v1/txt2img`, picture({ steps: 1 }))
    await expect.poll(async () => (await submit()).status, { timeout: 30_000, interval: 500 }).toBe(503)
    const refused = await submit()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await refused.json()).toMatchObject({
      detail: expect.stringContaining('the store of results holds'),
    })
    // The other gateway looks at the room by itself.
    const submitGraph = () => post(`${a.comfy}/prompt`, { prompt: createGraph(1) })
    await expect.poll(async () => (await submitGraph()).status, { timeout: 30_000, interval: 500 }).toBe(503)
    expect((await submitGraph()).headers.get('retry-after')).toBe('5')
    await store.blobs.remove(filler.key)
    await expect.poll(async () => (await submit()).status, { timeout: 30_000, interval: 500 }).toBe(200)
    await store.close()
  }, 120_000)
})
