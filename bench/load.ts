import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startCluster, type Cluster } from '../e2e/kit/cluster.ts'
import { startNatsCluster } from '../e2e/kit/nats-cluster.ts'
import { readSamples, type Sample } from '../e2e/kit/metrics.ts'
import { countRequests } from '../e2e/kit/request-counts.ts'
import { PLANS, type EngineName } from './load/plans.ts'
import { runScenario, type ScenarioResult } from './load/run-scenario.ts'

// Starts everything, runs k6 scenarios one after the other, and writes what they measured; exits with 1 when a
// threshold of theirs was crossed, or when a worker lost a lease though nobody died.
//   node --import tsx bench/load.ts [scenario …] [--engine fake|onnx] [--nodes 1] [--gateways 2] [--workers 1]

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: 'string', default: 'fake' },
    'step-ms': { type: 'string', default: '5' },
    slots: { type: 'string' },
    nodes: { type: 'string', default: '1' },
    gateways: { type: 'string', default: '2' },
    workers: { type: 'string', default: '1' },
    /** Settings of the scenarios in place of the plan's, such as RATE=50,DURATION=10s. */
    set: { type: 'string', default: '' },
    out: { type: 'string' },
  },
})

/** What a cluster has counted so far that must be nothing, or must be as many as there were jobs. */
async function readCounts({ gateways, workers }: Cluster) {
  const [gateway] = gateways
  const ends = await readSamples(gateway!, 'atelier_jobs_ended_total')
  const events = await Promise.all(gateways.map((one) => readSamples(one, 'atelier_ledger_events_total')))
  const losses = await Promise.all(workers.map((one) => readSamples(one, 'atelier_lease_losses_total')))
  return {
    jobsByEnd: sumBy(ends, 'state'),
    /** Leases that were taken back although nobody died. */
    leaseLosses: losses.flat().reduce((sum, { value }) => sum + value, 0),
    ledgerEvents: sumBy(events.flat(), 'kind'),
    requestsByGateway: await Promise.all(gateways.map(countRequests)),
  }
}

function sumBy(samples: readonly Sample[], label: string): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { labels, value } of samples)
    if (value !== 0) sums[labels[label] ?? ''] = (sums[labels[label] ?? ''] ?? 0) + value
  return sums
}

/** Runs code paths often enough that what is measured is the server, not its start. */
async function warmUp(cluster: Cluster): Promise<void> {
  for (const [name, COUNT] of Object.entries({ 'comfy-burst': '400', 'webui-burst': '50' }))
    await runScenario(name, { ...toEnvironment(cluster), COUNT })
}

function toEnvironment({ gateways }: Cluster): Record<string, string> {
  return {
    COMFY: gateways.map(({ comfy }) => comfy).join(),
    WEBUI: gateways.map(({ webui }) => webui).join(),
    OPERATIONS: gateways.map(({ operations }) => operations).join(),
  }
}

async function runAll(cluster: Cluster, engine: EngineName): Promise<Record<string, ScenarioResult>> {
  const plan = PLANS[engine]
  const changes = Object.fromEntries(
    options.set.split(',').flatMap((pair) => (pair === '' ? [] : [pair.split('=') as [string, string]])),
  )
  const results: Record<string, ScenarioResult> = {}
  for (const name of positionals.length > 0 ? positionals : Object.keys(plan)) {
    const settings = { ...plan[name], ...changes }
    const result = await runScenario(name, { ...toEnvironment(cluster), ...settings })
    results[name] = Object.assign({ settings }, result)
    process.stdout.write(`${name} ${JSON.stringify(settings)}\n${describe(result)}`)
  }
  return results
}

function describe({ thresholds, metrics }: ScenarioResult): string {
  const rules = Object.entries(thresholds).map(
    ([rule, held]) => `  ${held ? 'held   ' : 'CROSSED'} ${rule}\n`,
  )
  const figures = Object.entries(metrics).map(([name, figure]) => `  ${name} ${JSON.stringify(figure)}\n`)
  return [...rules, ...figures].join('')
}

const engine: EngineName = options.engine === 'onnx' ? 'onnx' : 'fake'
const slots = options.slots ?? (engine === 'fake' ? '8' : '4')
const nats = Number(options.nodes) > 0 ? await startNatsCluster(Number(options.nodes)) : undefined
try {
  const cluster = await startCluster({
    ...{ gateways: Number(options.gateways), workers: Number(options.workers) },
    ...(nats && { natsUrl: nats.url }),
    environment: {
      ...{ ATELIER_ENGINE: engine, ATELIER_FAKE_STEP_MS: options['step-ms'] },
      ATELIER_SLOTS: slots,
    },
  })
  try {
    if (engine === 'fake') await warmUp(cluster)
    const results = await runAll(cluster, engine)
    const written = {
      when: new Date().toISOString(),
      machine: `${cpus().length} x ${cpus()[0]?.model}`,
      settings: { ...options, slots, engine, out: undefined },
      results,
      ...(await readCounts(cluster)),
    }
    const out = options.out ?? fileURLToPath(new URL(`results/k6-${engine}.json`, import.meta.url))
    writeFileSync(out, `${JSON.stringify(written, null, 2)}\n`)
    const { leaseLosses, ledgerEvents } = written
    const isQuiet = leaseLosses === 0 && (ledgerEvents['lease-expired'] ?? 0) === 0
    process.stdout.write(`jobs ${JSON.stringify(written.jobsByEnd)}, leases lost ${leaseLosses}\n`)
    process.exitCode = isQuiet && Object.values(results).every(({ held }) => held) ? 0 : 1
  } finally {
    await cluster.stop()
  }
} finally {
  await nats?.dispose()
}
