import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startCluster, type Cluster } from '../../e2e/kit/cluster.ts'
import { startNatsCluster } from '../../e2e/kit/nats-cluster.ts'

// Seconds from the SIGKILL of a worker to the first step of its job on another one.

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, out: { type: 'string' } },
})
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

async function runRound(cluster: Cluster, round: number): Promise<number> {
  const body = JSON.stringify({ prompt: `round ${round}`, width: 64, height: 64, steps: 150 })
  const headers = { 'content-type': 'application/json', prefer: 'respond-async' }
  const answer = await fetch(`${cluster.gateways[0]!.webui}/sdapi/v1/txt2img`, {
    method: 'POST',
    body,
    headers,
  })
  const path = answer.headers.get('location') ?? ''
  await waitForStep(cluster, path, 1)
  const holder = await findHolder(cluster)
  await holder.kill()
  const killedAt = performance.now()
  await waitForStep(cluster, path, 2)
  const seconds = (performance.now() - killedAt) / 1000
  await fetch(`${cluster.gateways[0]!.webui}${path}`, { method: 'DELETE' })
  await holder.start()
  return Math.round(seconds * 10) / 10
}

const nats = await startNatsCluster(1)
const cluster = await startCluster({
  ...{ gateways: 1, workers: 2, natsUrl: nats.url },
  environment: { ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '1000', ATELIER_SLOTS: '1' },
})
try {
  const seconds: number[] = []
  for (let round = 1; round <= Number(options.rounds); round += 1) {
    seconds.push(await runRound(cluster, round))
    process.stdout.write(`round ${round}: ${seconds.at(-1)} s from SIGKILL to the first step elsewhere\n`)
  }
  const machine = `${cpus().length} x ${cpus()[0]?.model}`
  const result = { when: new Date().toISOString(), machine, secondsToFirstStep: seconds }
  if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(result, null, 2)}\n`)
} finally {
  await cluster.stop()
  await nats.dispose()
}
