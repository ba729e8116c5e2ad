import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireTool } from '@atelier/ledger/test-kit'

/** Exit code of k6 when a threshold was passed. */
const THRESHOLDS_PASSED = 99

/** A metric of k6's summary: its figures, and of each threshold whether it was crossed. */
type Metric = Readonly<Record<string, unknown>> & { readonly thresholds?: Readonly<Record<string, boolean>> }

/** What came of a scenario. */
export interface ScenarioResult {
  /** Every threshold held. */
  readonly held: boolean
  /** Each threshold, and whether it held. */
  readonly thresholds: Readonly<Record<string, boolean>>
  /** The figures of each metric that tells something, durations in milliseconds. */
  readonly metrics: Readonly<Record<string, unknown>>
}

/**
 * Runs one scenario of `bench/k6` with k6.
 * @throws Error when k6 is missing or cannot run the script
 */
export async function runScenario(
  name: string,
  environment: Readonly<Record<string, string>>,
): Promise<ScenarioResult> {
  const folder = mkdtempSync(join(tmpdir(), 'k6-'))
  try {
    const path = join(folder, 'summary.json')
    const script = fileURLToPath(new URL(`../k6/${name}.js`, import.meta.url))
    const flags = ['run', '--quiet', '--no-color', '--summary-export', path]
    const statistics = ['--summary-trend-stats', 'med,p(95),p(99),max']
    const child = spawn(requireTool('k6'), [...flags, ...statistics, script], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
    if (code !== 0 && code !== THRESHOLDS_PASSED) throw new Error(`k6 ended with ${code} in ${name}`)
    return toResult(JSON.parse(readFileSync(path, 'utf8')) as { metrics: Record<string, Metric> })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What k6 wrote, without its own bookkeeping. */
export function toResult({ metrics }: { metrics: Readonly<Record<string, Metric>> }): ScenarioResult {
  // k6 writes true for a threshold that was crossed.
  const thresholds = Object.fromEntries(
    Object.entries(metrics).flatMap(([name, { thresholds: own = {} }]) =>
      Object.entries(own).map(([rule, isCrossed]) => [`${name}: ${rule}`, !isCrossed]),
    ),
  )
  const told = Object.entries(metrics).filter(
    ([name]) => !/^(data_|vus|iteration_|http_req_(?!duration)|http_reqs|group_|ws_(?!session))/.test(name),
  )
  return {
    held: Object.values(thresholds).every(Boolean),
    thresholds,
    metrics: Object.fromEntries(told.map(([name, metric]) => [name, roundFigures(metric)])),
  }
}

function roundFigures({ thresholds: _, ...figures }: Metric): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      typeof value === 'number' ? Math.round(value * 100) / 100 : value,
    ]),
  )
}
