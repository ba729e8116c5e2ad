import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { startCluster, type Cluster } from '../../e2e/kit/cluster.ts'
import { createAgent, send } from './post.ts'
import { timeEach, toQuantiles } from './quantiles.ts'

// Submitting and finishing the smallest graph (EmptyImage -> PreviewImage) with the fake engine.

const { values: options } = parseArgs({
  options: {
    jobs: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '5' },
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

async function runRound(cluster: Cluster, clients: number, round: number) {
  const gateway = cluster.gateways[0]!
  const agent = createAgent(clients)
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
  return {
    ...{ clients, jobs: JOBS, submit: toQuantiles(durations) },
    submitsPerSecond: Math.round((JOBS / totalMs) * 1000),
    jobsPerSecond: Math.round((JOBS / endMs) * 1000),
  }
}

const cluster = await startCluster({
  gateways: 1,
  workers: 1,
  environment: { ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '0', ATELIER_SLOTS: options.slots },
  ...(options.profile ? { gatewayFlags: ['--cpu-prof', '--cpu-prof-dir=/tmp/atelier-profile'] } : {}),
})
try {
  const rounds = []
  await runRound(cluster, 8, 0)
  for (const clients of options.clients.split(',').map(Number))
    for (let round = 1; round <= ROUNDS; round += 1) {
      const figures = await runRound(cluster, clients, round)
      rounds.push(figures)
      process.stdout.write(`${JSON.stringify(figures)}\n`)
    }
  if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(rounds, null, 2)}\n`)
} catch (error) {
  for (const program of [...cluster.gateways, ...cluster.workers])
    process.stderr.write(`${program.name}:\n${program.output()}\n`)
  throw error
} finally {
  await cluster.stop()
}
