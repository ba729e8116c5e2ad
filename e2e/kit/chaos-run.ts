import { startCluster, type Cluster } from './cluster.ts'
import { makeChaosPicture, type LogEntry } from './chaos-client.ts'
import { ChaosMonkey, type Kills } from './chaos-monkey.ts'
import { judge, type JudgedRecord, type Verdict } from './chaos-judge.ts'
import { readJobRecords } from './job-records.ts'
import { startNatsCluster } from './nats-cluster.ts'
import { createRandom } from './random.ts'

/** What a chaos run does. */
export interface ChaosOptions {
  readonly jobs: number
  readonly kills: number
  /** Clients at once; many wait for the leases of killed workers. */
  readonly clients: number
  readonly nodes: number
  readonly gateways: number
  readonly workers: number
  readonly seed: number
  /** How long all of it may take, milliseconds; what has not come then counts as stuck. */
  readonly limitMs: number
  readonly onProgress?: (done: number, kills: Kills) => void
}

/** What came of it. */
export interface ChaosReport {
  readonly verdict: Verdict
  readonly kills: Kills
  readonly seconds: number
  readonly log: readonly LogEntry[]
  readonly records: readonly JudgedRecord[]
}

/** Makes many pictures while gateways, workers and brokers are killed at random, and judges by the clients' own log. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const nats = await startNatsCluster(options.nodes)
  try {
    const cluster = await startCluster({
      ...{ gateways: options.gateways, workers: options.workers, natsUrl: nats.url },
      environment: { ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: '5', ATELIER_SLOTS: '4' },
    })
    try {
      const startedAt = performance.now()
      const { log, kills } = await storm(options, { ...cluster, nodes: nats.nodes })
      const seconds = Math.round((performance.now() - startedAt) / 1000)
      const records = await readJobRecords(nats.url)
      return { verdict: judge(listIds(options), log, records), kills, seconds, log, records }
    } finally {
      await cluster.stop()
    }
  } finally {
    await nats.dispose()
  }
}

interface Stage extends Pick<Cluster, 'workers' | 'gateways' | 'crashed'> {
  readonly nodes: Awaited<ReturnType<typeof startNatsCluster>>['nodes']
}

async function storm(options: ChaosOptions, stage: Stage): Promise<{ log: LogEntry[]; kills: Kills }> {
  const random = createRandom(options.seed)
  const log: LogEntry[] = []
  const monkey = new ChaosMonkey({
    ...{ victims: stage, random },
    // Kills are spread over the run: never further than the jobs are.
    isDue: (kills) => kills < options.kills && kills <= (log.length / options.jobs) * options.kills,
    onKill: () => options.onProgress?.(log.length, monkey.kills),
  })
  const ids = listIds(options)
  // A program that ended by itself is not started again: what it did not finish is judged.
  const limit = AbortSignal.any([AbortSignal.timeout(options.limitMs), stage.crashed])
  const client = async (): Promise<void> => {
    for (let id = ids.shift(); id !== undefined && !limit.aborted; id = ids.shift()) {
      const gateways = stage.gateways.map(({ webui }) => webui)
      const entry = await makeChaosPicture(id, { gateways, random, signal: limit }).catch(() => undefined)
      if (entry !== undefined) log.push(entry)
    }
  }
  await Promise.all(Array.from({ length: options.clients }, client))
  await monkey.stop()
  return { log, kills: monkey.kills }
}

function listIds({ jobs, seed }: ChaosOptions): string[] {
  return Array.from({ length: jobs }, (_, index) => `chaos-${seed}-${index}`)
}
