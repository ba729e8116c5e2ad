import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { WebSocket } from 'ws'
import { startAtelier } from '../../e2e/kit/atelier.ts'
import type { ScenarioSocket, ScenarioWorld } from '../../apps/gateway/src/comfy/test-kit/scenario-player.ts'

/** A server to replay recordings against. */
export interface RunningServer extends ScenarioWorld {
  readonly url: string
  stop(): Promise<void>
}

/** Pause between two looks at the queue, milliseconds. */
const POLL_MS = 25

/** Starts a fresh server whose checkpoint is the tiny one under the recorded name. It runs one prompt at a time. */
export async function startServer(
  fixtures: string,
  settings: Record<string, string>,
): Promise<RunningServer> {
  const models = mkdtempSync(join(tmpdir(), 'atelier-wire-'))
  mkdirSync(join(models, 'checkpoints'))
  const weights = gunzipSync(readFileSync(`${fixtures}models/weights/sd1.safetensors.gz`))
  writeFileSync(join(models, 'checkpoints', 'tiny.safetensors'), weights)
  const loras = `${fixtures}models/lora`
  if (existsSync(loras)) cpSync(loras, join(models, 'loras'), { recursive: true })
  copyRecordedNames(fixtures, models)
  const atelier = await startAtelier({
    ATELIER_MODELS: models,
    ATELIER_LOG_LEVEL: 'warn',
    ATELIER_SLOTS: '1',
    ...settings,
  })
  const server = joinServer(atelier.comfy)
  await waitForModels(server)
  await uploadInputs(server, `${fixtures}comfy-wire/input`)
  return {
    ...server,
    async stop() {
      await atelier.stop()
      rmSync(models, { recursive: true, force: true })
    },
  }
}

/** Files of other weights under the names that the recorded server had. */
function copyRecordedNames(fixtures: string, models: string): void {
  const adapter = `${fixtures}models/lora/files/sd1_kohya.safetensors`
  const upscaler = `${fixtures}models/upscale/files/realesrgan_params_ema.pth`
  if (existsSync(adapter)) cpSync(adapter, join(models, 'loras', 'tinylora.safetensors'))
  if (existsSync(upscaler)) cpSync(upscaler, join(models, 'upscale_models', 'tiny_x4.pth'))
}

/** A server that runs already. */
export function joinServer(url: string): RunningServer {
  const request = (method: string, path: string, body?: unknown) =>
    fetch(url + path, {
      method,
      ...(body === undefined || body === null ? {} : { body: JSON.stringify(body) }),
    })
  return {
    url,
    request,
    connect: (clientId) => openSocket(url, clientId),
    async settle() {
      for (;;) {
        const answer = (await (await request('GET', '/prompt')).json()) as {
          exec_info: { queue_remaining: number }
        }
        if (answer.exec_info.queue_remaining === 0) return
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    },
    stop: () => Promise.resolve(),
  }
}

async function waitForModels(server: RunningServer): Promise<void> {
  for (;;) {
    const names = (await (await server.request('GET', '/models/checkpoints')).json()) as string[]
    if (names.includes('tiny.safetensors')) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

async function uploadInputs(server: RunningServer, folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const form = new FormData()
    const bytes = await readFile(join(entry.parentPath, entry.name))
    form.append('image', new Blob([bytes]), entry.name)
    form.append('subfolder', relative(folder, entry.parentPath))
    await fetch(`${server.url}/upload/image`, { method: 'POST', body: form })
  }
}

async function openSocket(url: string, clientId: string): Promise<ScenarioSocket> {
  const query = clientId === '' ? '' : `?clientId=${clientId}`
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws${query}`)
  const frames: (string | Uint8Array)[] = []
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    frames.push(isBinary ? data : data.toString('utf8'))
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  return {
    frames,
    say: (text) => socket.send(text),
    close: () => socket.close(),
    async waitFor(count) {
      while (frames.length < count) await new Promise((resolve) => socket.once('message', resolve))
    },
  }
}
