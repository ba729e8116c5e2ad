import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { startCluster } from './kit/cluster.ts'
import { startNatsCluster } from './kit/nats-cluster.ts'
import { startProxy } from './kit/proxy.ts'
import { countRequests } from './kit/request-counts.ts'

// The processes of deploy/compose.yaml without containers: NATS nodes, gateways, workers, and Caddy with the same
// Caddyfile in front, on this machine. Runs until Ctrl-C, or, with --then, until that command has ended; then it tells
// how many requests each gateway answered.
//   node --import tsx e2e/run-cluster.ts [--models ~/models] [--then 'python run.py'] [--engine fake]

const { values: options } = parseArgs({
  options: {
    nodes: { type: 'string', default: '3' },
    gateways: { type: 'string', default: '2' },
    workers: { type: 'string', default: '2' },
    engine: { type: 'string', default: 'onnx' },
    /** Folder of models; without it there is the demo checkpoint. */
    models: { type: 'string' },
    port: { type: 'string', default: '7860' },
    'comfy-port': { type: 'string', default: '8188' },
    then: { type: 'string' },
  },
})

const nats = await startNatsCluster(Number(options.nodes))
try {
  const cluster = await startCluster({
    ...{ gateways: Number(options.gateways), workers: Number(options.workers), natsUrl: nats.url },
    environment: {
      ATELIER_ENGINE: options.engine,
      ...(options.models !== undefined && { ATELIER_MODELS: options.models }),
    },
  })
  try {
    const { gateways } = cluster
    const ports = { port: Number(options.port), comfyPort: Number(options['comfy-port']) }
    const proxy = await startProxy({ gateways, ...ports })
    process.stdout.write(`proxy: ${proxy.webui} (WebUI), ${proxy.comfy} (ComfyUI)\n`)
    for (const { name, webui, operations } of gateways)
      process.stdout.write(`${name}: ${webui}, metrics ${operations}/metrics\n`)
    process.exitCode = await waitForEnd(options.then)
    for (const gateway of gateways)
      process.stdout.write(`${gateway.name} answered ${await countRequests(gateway)} requests\n`)
    await proxy.stop()
  } finally {
    await cluster.stop()
  }
} finally {
  await nats.dispose()
}

function waitForEnd(command: string | undefined): Promise<number> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve(0))
    process.once('SIGTERM', () => resolve(0))
    if (command === undefined) return
    const child = spawn('sh', ['-c', command], { stdio: 'inherit' })
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
