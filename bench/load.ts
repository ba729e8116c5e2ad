import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startCluster } from '../e2e/kit/cluster.ts'
import { startNatsCluster } from '../e2e/kit/nats-cluster.ts'

// Starts everything, runs k6 scenarios one after the other, and writes what they measured.
//   node --import tsx bench/load.ts [scenario …] [--nodes 3] [--gateways 2] [--workers 2] [--engine fake]

const SCENARIOS = [
  'comfy-steady',
  'comfy-burst',
  'comfy-followers',
  'comfy-cancel-storm',
  'webui-steady',
  'webui-burst',
]

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: 'string', default: 'fake' },
    'step-ms': { type: 'string', default: '5' },
    slots: { type: 'string', default: '8' },
    nodes: { type: 'string', default: '1' },
    gateways: { type: 'string', default: '2' },
    workers: { type: 'string', default: '1' },
    /** Settings of the scenarios, such as RATE=50,DURATION=10s. */
    set: { type: 'string', default: '' },
    out: { type: 'string', default: fileURLToPath(new URL('results/k6.json', import.meta.url)) },
  },
})

/** k6 from the PATH or the folder of tools (`GOBIN=~/.cache/atelier-tools go install go.k6.io/k6@latest`). */
function findK6(): string {
  const folders = [
    join(homedir(), '.cache', 'atelier-tools'),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ]
  const found = folders.map((folder) => join(folder, 'k6')).find((path) => existsSync(path))
  if (found === undefined) throw new Error('k6 was not found: go install go.k6.io/k6@latest')
  return found
}

interface Summary {
  readonly metrics: Record<string, Record<string, unknown> & { thresholds?: Record<string, boolean> }>
}

async function runScenario(name: string, environment: Record<string, string>): Promise<Summary> {
  const path = join(mkdtempSync(join(tmpdir(), 'k6-')), 'summary.json')
  const script = fileURLToPath(new URL(`k6/${name}.js`, import.meta.url))
  const flags = ['run', '--quiet', '--no-color', '--summary-export', path]
  const quantiles = ['--summary-trend-stats', 'med,p(95),p(99),max']
  const child = spawn(findK6(), [...flags, ...quantiles, script], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  await new Promise((resolve) => child.once('exit', resolve))
  return JSON.parse(readFileSync(path, 'utf8')) as Summary
}

function toFigures({ metrics }: Summary): Record<string, unknown> {
  const shown = Object.entries(metrics).filter(([name]) =>
    /^(http_req_duration|iterations|checks|drain_seconds|submit_to_end|frames|ends_missed|gateway_)/.test(
      name,
    ),
  )
  return Object.fromEntries(shown)
}

const nats = Number(options.nodes) > 0 ? await startNatsCluster(Number(options.nodes)) : undefined
const cluster = await startCluster({
  ...{ gateways: Number(options.gateways), workers: Number(options.workers) },
  ...(nats && { natsUrl: nats.url }),
  environment: {
    ...{ ATELIER_ENGINE: options.engine, ATELIER_FAKE_STEP_MS: options['step-ms'] },
    ATELIER_SLOTS: options.slots,
  },
})
try {
  const environment = {
    COMFY: cluster.gateways.map(({ comfy }) => comfy).join(),
    WEBUI: cluster.gateways.map(({ webui }) => webui).join(),
    OPERATIONS: cluster.gateways.map(({ operations }) => operations).join(),
    ...Object.fromEntries(options.set.split(',').flatMap((pair) => (pair === '' ? [] : [pair.split('=')]))),
  } as Record<string, string>
  const results: Record<string, unknown> = {}
  for (const name of positionals.length > 0 ? positionals : SCENARIOS) {
    process.stdout.write(`\n== ${name}\n`)
    results[name] = toFigures(await runScenario(name, environment))
  }
  const { out, ...settings } = options
  const machine = `${cpus().length} x ${cpus()[0]?.model}`
  writeFileSync(
    out,
    `${JSON.stringify({ when: new Date().toISOString(), machine, settings, results }, null, 2)}\n`,
  )
} finally {
  await cluster.stop()
  await nats?.dispose()
}
