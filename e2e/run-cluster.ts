import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startCluster } from './kit/cluster.ts'
import { startNatsCluster } from './kit/nats-cluster.ts'

// The processes of deploy/compose.yaml without containers: NATS nodes, gateways, workers, and Caddy with the same
// Caddyfile in front, on this machine. Runs until Ctrl-C, or, with --then, until that command has ended.
//   node --import tsx e2e/run-cluster.ts [--then 'python run.py'] [--engine fake]

const { values: options } = parseArgs({
  options: {
    nodes: { type: 'string', default: '3' },
    gateways: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
    engine: { type: 'string', default: 'onnx' },
    port: { type: 'string', default: '7860' },
    'comfy-port': { type: 'string', default: '8188' },
    then: { type: 'string' },
  },
})
const CADDYFILE = fileURLToPath(new URL('../deploy/Caddyfile', import.meta.url))

function findCaddy(): string {
  const folders = [
    join(homedir(), '.cache', 'atelier-tools'),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ]
  const found = folders.map((folder) => join(folder, 'caddy')).find((path) => existsSync(path))
  if (found === undefined)
    throw new Error('caddy was not found: go install github.com/caddyserver/caddy/v2/cmd/caddy@latest')
  return found
}

const caddy = findCaddy()
const nats = await startNatsCluster(Number(options.nodes))
const cluster = await startCluster({
  ...{ gateways: Number(options.gateways), workers: Number(options.workers), natsUrl: nats.url },
  environment: { ATELIER_ENGINE: options.engine },
})
const toUpstreams = (addresses: readonly string[]) =>
  addresses.map((address) => new URL(address).host).join(' ')
const proxy = spawn(caddy, ['run', '--config', CADDYFILE, '--adapter', 'caddyfile'], {
  env: {
    ...process.env,
    GATEWAYS_WEBUI: toUpstreams(cluster.gateways.map(({ webui }) => webui)),
    GATEWAYS_COMFY: toUpstreams(cluster.gateways.map(({ comfy }) => comfy)),
    PROXY_WEBUI_PORT: options.port,
    PROXY_COMFY_PORT: options['comfy-port'],
  },
  stdio: ['ignore', 'ignore', 'inherit'],
})
process.stdout.write(
  `proxy: http://127.0.0.1:${options.port} (WebUI), http://127.0.0.1:${options['comfy-port']} (ComfyUI)\n`,
)
for (const { name, webui, operations } of cluster.gateways)
  process.stdout.write(`${name}: ${webui}, metrics ${operations}/metrics\n`)

process.exitCode = await waitForEnd(options.then)
proxy.kill('SIGTERM')
await cluster.stop()
await nats.dispose()

function waitForEnd(command: string | undefined): Promise<number> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve(0))
    process.once('SIGTERM', () => resolve(0))
    if (command === undefined) return
    const child = spawn('sh', ['-c', command], { stdio: 'inherit' })
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
