import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Cluster } from '../../e2e/kit/cluster.ts'
import { withCluster } from '../../e2e/kit/with-cluster.ts'

// Seconds from the death of a worker to the first step of its job on another one: killed, as a crash or the kernel would
// (the broker sees its connection close), and stopped, as if it hung (its lease must run out).

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    /** Rounds with a worker that hangs. */
    hangs: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
})
/** Length of a step, milliseconds, and steps of a job: it must outlive a lease. */
const [STEP_MS, STEPS] = [200, 150]
/** How often the job is looked at, milliseconds. */
const LOOK_MS = 50

interface JobJson {
  readonly state: string
  readonly attempt: number
  readonly progress?: { readonly step: number }
}

async function readJob(cluster: Cluster, path: string): Promise<JobJson> {
  return (await (await fetch(`${cluster.gateways[0]!.webui}${path}`)).json()) as JobJson
}

async function waitForStep(cluster: Cluster, path: string, attempt: number): Promise<void> {
  for (;;) {
    const job = await readJob(cluster, path)
    if (job.attempt === attempt && (job.progress?.step ?? 0) > 0) return
    if (job.progress === undefined) throw new Error(`the job is ${job.state} already`)
    await sleep(LOOK_MS)
  }
}

async function findHolder(cluster: Cluster) {
  for (const worker of cluster.workers) {
    const text = await (await fetch(`${worker.operations}/metrics`)).text()
    if (/^atelier_jobs_running\{[^}]*\} 1$/m.test(text)) return worker
  }
  throw new Error('no worker runs the job')
}

async function runRound(cluster: Cluster, round: string, signal: 'SIGKILL' | 'SIGSTOP'): Promise<number> {
  const body = JSON.stringify({ prompt: round, width: 64, height: 64, steps: STEPS })
  const headers = { 'content-type': 'application/json', prefer: 'respond-async' }
  const address = `${cluster.gateways[0]!.webui}/sdapi/v1/txt2img`
  const answer = await fetch(address, { method: 'POST', body, headers })
  const path = answer.headers.get('location') ?? ''
  await waitForStep(cluster, path, 1)
  const holder = await findHolder(cluster)
  if (signal === 'SIGKILL') await holder.kill()
  else process.kill(holder.pid!, signal)
  const diedAt = performance.now()
  await waitForStep(cluster, path, 2)
  const seconds = Math.round((performance.now() - diedAt) / 100) / 10
  await fetch(`${cluster.gateways[0]!.webui}${path}`, { method: 'DELETE' })
  await holder.kill()
  await holder.start()
  process.stdout.write(`${round}: ${seconds} s from ${signal} to the first step elsewhere\n`)
  return seconds
}

async function runRounds(cluster: Cluster, count: number, signal: 'SIGKILL' | 'SIGSTOP'): Promise<number[]> {
  const seconds: number[] = []
  for (let round = 1; round <= count; round += 1)
    seconds.push(await runRound(cluster, `round ${round}`, signal))
  return seconds
}

const parts = {
  ...{ nodes: Number(options.nodes), gateways: 1, workers: 2 },
  environment: { ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: String(STEP_MS), ATELIER_SLOTS: '1' },
}
const result = await withCluster(parts, async (cluster) => ({
  when: new Date().toISOString(),
  machine: `${cpus().length} x ${cpus()[0]?.model}`,
  ...{ nodes: parts.nodes, stepMs: STEP_MS },
  secondsFromKill: await runRounds(cluster, Number(options.rounds), 'SIGKILL'),
  secondsFromHang: await runRounds(cluster, Number(options.hangs), 'SIGSTOP'),
}))
if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(result, null, 2)}\n`)
