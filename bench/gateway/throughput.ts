import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { startCluster, type Cluster } from '../../e2e/kit/cluster.ts'
import { startNatsCluster } from '../../e2e/kit/nats-cluster.ts'
import { measureFloor } from './jetstream-floor.ts'
import { createAgent, send } from './post.ts'
import { timeEach, toQuantiles } from './quantiles.ts'

// Submitting and finishing the smallest graph (EmptyImage -> PreviewImage) with the fake engine, beside the floor: one
// acknowledged JetStream publish. `--nodes 0` takes the embedded ledger, which has no such floor.

const { values: options } = parseArgs({
  options: {
    jobs: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '5' },
    nodes: { type: 'string', default: '1' },
    slots: { type: 'string', default: '8' },
    clients: { type: 'string', default: '1,8' },
    profile: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})
const JOBS = Number(options.jobs)
const ROUNDS = Number(options.rounds)
/** How often the end of the queue is looked for, milliseconds. */
const LOOK_MS = 5

function createGraph(color: number): string {
  return JSON.stringify({
    prompt: {
      1: { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color } },
      2: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    },
  })
}

/** Processor time a program has used, milliseconds: it tells of the program's own cost on a machine it shares. */
async function readCpuMs(operations: string): Promise<number> {
  const text = await (await fetch(`${operations}/metrics`)).text()
  const seconds = /^process_cpu_seconds_total\{[^}]*\} (\S+)/m.exec(text)?.[1]
  return Number(seconds) * 1000
}

async function runRound(cluster: Cluster, clients: number, round: number) {
  const gateway = cluster.gateways[0]!
  const agent = createAgent(clients)
  const before = await readCpuMs(gateway.operations)
  const startedAt = performance.now()
  const { durations, totalMs } = await timeEach(JOBS, clients, async (index) => {
    const color = (round * JOBS + index) % 0xffffff
    const { status, text } = await send(agent, `${gateway.comfy}/prompt`, createGraph(color))
    if (status !== 200) throw new Error(`submit was answered ${status}: ${text}`)
  })
  while (!/"queue_remaining":\s*0\b/.test((await send(agent, `${gateway.comfy}/prompt`)).text))
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  const endMs = performance.now() - startedAt
  agent.destroy()
  const cpuMs = (await readCpuMs(gateway.operations)) - before
  return {
    ...{ clients, jobs: JOBS, submit: toQuantiles(durations) },
    gatewayCpuMsPerJob: Math.round((cpuMs / JOBS) * 100) / 100,
    submitsPerSecond: Math.round((JOBS / totalMs) * 1000),
    jobsPerSecond: Math.round((JOBS / endMs) * 1000),
  }
}

const nats = Number(options.nodes) === 0 ? undefined : await startNatsCluster(Number(options.nodes))
const cluster = await startCluster({
  ...(nats && { natsUrl: nats.url }),
  gateways: 1,
  workers: 1,
  environment: { ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '0', ATELIER_SLOTS: options.slots },
  ...(options.profile ? { gatewayFlags: ['--cpu-prof', '--cpu-prof-dir=/tmp/atelier-profile'] } : {}),
})
try {
  const rounds: unknown[] = []
  await runRound(cluster, 8, 0)
  const show = (figures: object): void => {
    rounds.push(figures)
    process.stdout.write(`${JSON.stringify(figures)}\n`)
  }
  // The floor is measured between the rounds, on the machine as it is then.
  for (const clients of options.clients.split(',').map(Number))
    for (let round = 1; round <= ROUNDS; round += 1) {
      if (nats !== undefined) show(await measureFloor(nats.url, Math.min(3, nats.nodes.length), clients))
      show(await runRound(cluster, clients, round))
    }
  const { out, ...settings } = options
  const machine = `${cpus().length} x ${cpus()[0]?.model}`
  const result = { when: new Date().toISOString(), machine, settings, rounds }
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`)
} catch (error) {
  for (const program of [...cluster.gateways, ...cluster.workers])
    process.stderr.write(`${program.name}:\n${program.output()}\n`)
  throw error
} finally {
  await cluster.stop()
  await nats?.dispose()
}
