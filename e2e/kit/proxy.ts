import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { requireTool } from '@atelier/ledger/test-kit'
import type { ClusterGateway } from './cluster.ts'

const CADDYFILE = fileURLToPath(new URL('../../deploy/Caddyfile', import.meta.url))
/** How long it may take to open its ports, milliseconds. */
const START_LIMIT_MS = 20_000
/** Last characters of its log kept for a failure's report. */
const KEPT_CHARACTERS = 4_000

/** A proxy in front of gateways. */
export interface Proxy {
  readonly webui: string
  readonly comfy: string
  stop(): Promise<void>
}

/** What a proxy is started with. */
export interface ProxyOptions {
  readonly gateways: readonly ClusterGateway[]
  readonly port: number
  readonly comfyPort: number
}

/**
 * Starts Caddy with the Caddyfile of `deploy/`; resolves when both ports answer.
 * @throws Error when Caddy is missing or ends, with its log
 */
export async function startProxy({ gateways, port, comfyPort }: ProxyOptions): Promise<Proxy> {
  const toUpstreams = (addresses: readonly string[]) =>
    addresses.map((address) => new URL(address).host).join(' ')
  const child = spawn(requireTool('caddy'), ['run', '--config', CADDYFILE, '--adapter', 'caddyfile'], {
    env: {
      ...process.env,
      GATEWAYS_WEBUI: toUpstreams(gateways.map(({ webui }) => webui)),
      GATEWAYS_COMFY: toUpstreams(gateways.map(({ comfy }) => comfy)),
      PROXY_WEBUI_PORT: String(port),
      PROXY_COMFY_PORT: String(comfyPort),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const state = { log: '', isGone: false }
  child.stderr.on('data', (part: Buffer) => (state.log = `${state.log}${part}`.slice(-KEPT_CHARACTERS)))
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  void gone.then(() => (state.isGone = true))
  const [webui, comfy] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${comfyPort}`]
  const limit = performance.now() + START_LIMIT_MS
  for (const address of [webui, comfy])
    while (!(await isAnswered(address))) {
      if (state.isGone || performance.now() > limit) {
        child.kill('SIGKILL')
        throw new Error(`the proxy does not answer at ${address}:\n${state.log}`)
      }
      await sleep(50)
    }
  return {
    ...{ webui, comfy },
    async stop() {
      child.kill('SIGTERM')
      await gone
    },
  }
}

async function isAnswered(address: string): Promise<boolean> {
  try {
    await (await fetch(address)).arrayBuffer()
    return true
  } catch {
    return false
  }
}
