import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findPort } from '@atelier/ledger/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describePicture, getJson, postJson, waitForModels } from './kit/calls.ts'
import { isEndOf, openComfySocket } from './kit/comfy-socket.ts'
import { hasContainers, useContainers, type Containers } from './kit/compose.ts'
import { createGraph } from './kit/graph.ts'

// The images are built and deploy/compose.yaml is run as docs/operations.md says. The tests follow each other.

/** Longest wait for what containers do, milliseconds: images are built on a machine that may be busy. */
const BUILD_LIMIT_MS = 1_800_000
const LIMIT_MS = 300_000
/** Steps of a job that is still running when something is done to its worker. */
const LONG = 150

const GATEWAYS = ['gateway-1', 'gateway-2']
const WORKERS = ['worker-1', 'worker-2']
const SERVERS = ['nats-1', 'nats-2', 'nats-3']

interface JobJson {
  readonly state: string
  readonly attempt: number
}

describe.skipIf(!hasContainers())(
  'the containers of deploy/compose.yaml',
  () => {
    let containers: Containers
    let guarded: Containers
    let folder: string
    let proxy: { webui: string; comfy: string }
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'atelier-containers-'))
      writeFileSync(join(folder, 'keys.txt'), 'key-studio studio\n', { mode: 0o644 })
      const [webui, comfy] = [await findPort(), await findPort()]
      proxy = { webui: `http://127.0.0.1:${webui}`, comfy: `http://127.0.0.1:${comfy}` }
      const variables = {
        ...{ WEBUI_PORT: String(webui), COMFY_PORT: String(comfy), KEYS: join(folder, 'keys.txt') },
        ATELIER_DEVICE: 'cpu',
      }
      containers = useContainers(['compose.yaml'], variables)
      guarded = useContainers(['compose.yaml', 'compose.keys.yaml'], variables)
      await containers.compose('up', '--build', '--detach', '--wait')
      await waitForModels(proxy)
    }, BUILD_LIMIT_MS)
    afterAll(async () => {
      await containers?.compose('down', '--volumes', '--timeout', '60')
      rmSync(folder, { recursive: true, force: true })
    }, LIMIT_MS)

    const submitLater = async (seed: number, steps: number): Promise<string> => {
      const answer = await fetch(`${proxy.webui}/sdapi/v1/txt2img`, {
        method: 'POST',
        body: JSON.stringify({ prompt: 'a cat', width: 384, height: 384, steps, seed }),
        headers: { 'content-type': 'application/json', prefer: 'respond-async' },
      })
      expect(answer.status).toBe(202)
      return ((await answer.json()) as { id: string }).id
    }
    const readJob = async (id: string) => (await getJson(`${proxy.webui}/atelier/v1/jobs/${id}`)) as JobJson
    const waitForState = (id: string, state: string) =>
      expect
        .poll(async () => (await readJob(id).catch(() => ({ state: 'not answered' }))).state, {
          ...{ timeout: LIMIT_MS, interval: 200 },
        })
        .toBe(state)
    const tells = (log: string, event: string, id: string) =>
      log.split('\n').some((line) => line.includes(`"${event}"`) && line.includes(id))
    /** The worker that has begun a job, and the other one. */
    const waitForHolder = async (id: string): Promise<{ holder: string; other: string }> => {
      for (;;) {
        for (const holder of WORKERS)
          if (tells(await containers.logs(holder), 'job-claimed', id))
            return { holder, other: WORKERS.find((name) => name !== holder)! }
        await sleep(200)
      }
    }
    const readFrom = async (service: string, path: string) => {
      const program = `fetch('http://127.0.0.1:9464${path}').then(async (r) => console.log(r.status, await r.text()))`
      return (await containers.execute(service, 'node', '--eval', program)).output
    }

    it.each([...GATEWAYS, ...WORKERS])(
      '%s is not root, may write nowhere else, and holds no tests',
      async (service) => {
        expect((await containers.execute(service, 'id', '-u')).output.trim()).toBe('1000')
        const touch = (path: string) => containers.execute(service, 'touch', path)
        expect((await touch('/atelier/x')).output).toContain('Read-only file system')
        expect((await touch('/tmp/x')).code + (await touch('/data/x')).code).toBe(0)
        expect((await containers.execute(service, 'grep', 'CapBnd', '/proc/1/status')).output).toMatch(
          /\t0+\n$/,
        )
        const search = `find . ! -path './node_modules/*' '(' -name '*.test.ts' -o -name __fixtures__ ')' ; ls node_modules`
        const found = (await containers.execute(service, 'sh', '-c', search)).output.split('\n')
        expect(found.filter((path) => path.startsWith('./'))).toEqual([])
        for (const name of ['vitest', 'typescript', 'eslint', 'tsx']) expect(found).not.toContain(name)
        expect(found.includes('onnxruntime-node')).toBe(service.startsWith('worker'))
      },
    )

    it('makes pictures for clients of the WebUI API, in each of two gateways', async () => {
      const body = { prompt: 'a cat', width: 256, height: 256, steps: 4, seed: 7 }
      for (let round = 0; round < 2; round += 1) {
        const { status, json } = await postJson(`${proxy.webui}/sdapi/v1/txt2img`, body)
        expect(status, JSON.stringify(json).slice(0, 300)).toBe(200)
        const [picture = ''] = (json as { images: string[] }).images
        const { width, deviation } = await describePicture(Buffer.from(picture, 'base64'))
        expect(width).toBe(256)
        expect(deviation).toBeGreaterThan(10)
      }
      for (const gateway of GATEWAYS)
        expect(await readFrom(gateway, '/metrics')).toMatch(
          /^atelier_gateway_request_seconds_count\{.*txt2img.*\} \d/m,
        )
    })

    it('runs graphs for clients of the ComfyUI API, and shows what they saved', async () => {
      const socket = await openComfySocket(proxy.comfy, 'containers')
      const { status, json } = await postJson(`${proxy.comfy}/prompt`, {
        ...{ prompt: createGraph(1), client_id: 'containers' },
      })
      expect(status).toBe(200)
      const { prompt_id: id } = json as { prompt_id: string }
      await socket.until((frame) => isEndOf(frame, id))
      socket.close()
      const history = (await getJson(`${proxy.comfy}/history/${id}`)) as Record<
        string,
        { outputs: Record<string, { images: Record<string, string>[] }> }
      >
      const view = await fetch(
        `${proxy.comfy}/view?${new URLSearchParams(history[id]?.outputs['9']?.images[0])}`,
      )
      expect(view.headers.get('content-type')).toBe('image/png')
    })

    it('serves its web page', async () => {
      const page = await fetch(proxy.webui)
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
      expect(await page.text()).toContain('<script')
    })

    it('begins a job elsewhere when the container of its worker is killed', async () => {
      const id = await submitLater(1, LONG)
      const { holder, other } = await waitForHolder(id)
      await containers.docker(holder, 'kill')
      await waitForState(id, 'done')
      expect((await readJob(id)).attempt).toBe(2)
      expect(tells(await containers.logs(other), 'job-left', id)).toBe(true)
      await containers.compose('up', '--detach', '--wait', holder)
    })

    it('lets a job end, or hands it back, when the container of its worker is stopped', async () => {
      const id = await submitLater(2, LONG)
      const { holder } = await waitForHolder(id)
      await containers.compose('stop', holder)
      expect(await containers.docker(holder, 'inspect', '--format', '{{.State.ExitCode}}')).toBe('0')
      await waitForState(id, 'done')
      // Neither counts as an attempt that failed.
      expect((await readJob(id)).attempt).toBe(1)
      await containers.compose('up', '--detach', '--wait', holder)
    })

    it('keeps what waits while each NATS server is started again', async () => {
      const id = await submitLater(3, LONG)
      for (const server of SERVERS) await containers.compose('restart', server)
      await containers.compose('up', '--detach', '--wait')
      await waitForState(id, 'done')
    })

    it('answers while one gateway after the other is started again', async () => {
      const id = await submitLater(4, 4)
      await waitForState(id, 'done')
      for (const gateway of GATEWAYS) {
        const restarted = containers.compose('restart', gateway)
        const state = { isRunning: true }
        void restarted.finally(() => (state.isRunning = false))
        while (state.isRunning) {
          expect((await readJob(id)).state).toBe('done')
          await sleep(100)
        }
        await restarted
        await containers.compose('up', '--detach', '--wait')
        expect(await containers.docker(gateway, 'inspect', '--format', '{{.State.ExitCode}}')).toBe('0')
      }
    })

    it('knows after all was stopped and started what it knew before, with keys too', async () => {
      const id = await submitLater(5, 4)
      await waitForState(id, 'done')
      await containers.compose('down', '--timeout', '60')
      await guarded.compose('up', '--detach', '--wait')
      const path = `${proxy.webui}/sdapi/v1/sd-models`
      expect((await fetch(path)).status).toBe(401)
      expect((await fetch(path, { headers: { authorization: 'Bearer key-studio' } })).status).toBe(200)
      await guarded.compose('down', '--timeout', '60')
      await containers.compose('up', '--detach', '--wait')
      await waitForState(id, 'done')
    })
  },
  LIMIT_MS,
)
