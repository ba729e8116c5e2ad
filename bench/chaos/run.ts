import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { runChaos } from '../../e2e/kit/chaos-run.ts'
import type { LogEntry } from '../../e2e/kit/chaos-client.ts'
import type { JudgedRecord } from '../../e2e/kit/chaos-judge.ts'
import { toQuantiles } from '../gateway/quantiles.ts'

// Kills gateways, workers and NATS nodes at random under load and judges by the clients' own log.

const { values: options } = parseArgs({
  options: {
    jobs: { type: 'string', default: '20000' },
    kills: { type: 'string', default: '100' },
    clients: { type: 'string', default: '160' },
    nodes: { type: 'string', default: '3' },
    gateways: { type: 'string', default: '2' },
    workers: { type: 'string', default: '3' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: '60' },
    out: { type: 'string' },
  },
})
const count = (name: 'jobs' | 'kills' | 'clients' | 'nodes' | 'gateways' | 'workers' | 'seed') =>
  Number(options[name])

const report = await runChaos({
  ...{ jobs: count('jobs'), kills: count('kills'), clients: count('clients'), seed: count('seed') },
  ...{ nodes: count('nodes'), gateways: count('gateways'), workers: count('workers') },
  limitMs: Number(options.minutes) * 60_000,
  onProgress: (done, kills) => process.stdout.write(`${done} jobs done, killed ${JSON.stringify(kills)}\n`),
})
const { verdict, kills, seconds, log, records } = report
/** A list of thousands says no more than its length and its beginning. */
const shorten = (ids: readonly string[]) => ({ count: ids.length, first: ids.slice(0, 5) })
/** Where the time of the jobs went; of those begun again apart, from their admission to the start that counted. */
function toParts(entries: readonly LogEntry[], stored: readonly JudgedRecord[]) {
  const byId = new Map(
    stored.filter(({ state }) => state === 'done').map((record) => [record.publicId, record]),
  )
  const pairs = entries.flatMap((entry) => {
    const record = byId.get(entry.id)
    return record === undefined ? [] : [{ entry, record, isAgain: record.executions > 1 }]
  })
  const once = pairs.filter(({ isAgain }) => !isAgain)
  const again = pairs.filter(({ isAgain }) => isAgain)
  return {
    askedToAdmitted: toQuantiles(pairs.map(({ entry, record }) => record.submittedAtMs - entry.askedAtMs)),
    admittedToBegun: toQuantiles(once.map(({ record }) => record.startedAtMs - record.submittedAtMs)),
    admittedToBegunAgain: toQuantiles(again.map(({ record }) => record.startedAtMs - record.submittedAtMs)),
    begunToEnded: toQuantiles(pairs.map(({ record }) => record.endedAtMs - record.startedAtMs)),
    endedToAnswered: toQuantiles(
      pairs.map(({ entry, record }) => entry.askedAtMs + entry.milliseconds - record.endedAtMs),
    ),
  }
}

const result = {
  when: new Date().toISOString(),
  machine: `${cpus().length} x ${cpus()[0]?.model}`,
  settings: Object.fromEntries(Object.entries(options).filter(([name]) => name !== 'out')),
  seconds,
  kills,
  verdict: Object.fromEntries(
    Object.entries(verdict).map(([name, value]) => [name, Array.isArray(value) ? shorten(value) : value]),
  ),
  jobMilliseconds: toQuantiles(log.map(({ milliseconds }) => milliseconds)),
  partMilliseconds: toParts(log, records),
}
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(result, null, 2)}\n`)
const { lost, wrong, doubled, stuck, failed } = verdict
process.exitCode = [lost, wrong, doubled, stuck, failed].every(({ length }) => length === 0) ? 0 : 1
