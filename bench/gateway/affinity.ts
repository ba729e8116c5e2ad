import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { JobRecord } from '@atelier/proto'
import { AFFINITY_WINDOW_MS } from '@atelier/ledger'
import { openLedger } from '@atelier/ledger/open'
import { ledgerSettings } from '@atelier/ledger/settings'
import { z } from 'zod'
import { createRandom } from '../../e2e/kit/random.ts'
import { withCluster } from '../../e2e/kit/with-cluster.ts'
import { toQuantiles } from './quantiles.ts'

// Mixed traffic for several checkpoints on workers that hold one at a time: routed by what is loaded, and first come,
// first served.

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: '4' },
    workers: { type: 'string', default: '2' },
    jobs: { type: 'string', default: '200' },
    /** Mean time between two arrivals, milliseconds. */
    'gap-ms': { type: 'string', default: '200' },
    'load-ms': { type: 'string', default: '1000' },
    'step-ms': { type: 'string', default: '40' },
    out: { type: 'string' },
  },
})
const DEMO = fileURLToPath(new URL('../../models/demo/demo.safetensors', import.meta.url))
const STEPS = 4
/** Starts nearer to each other than this are at the same time, milliseconds: two workers ask at once. */
const SAME_MS = 250

function makeModels(count: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'affinity-'))
  mkdirSync(join(folder, 'Stable-diffusion'))
  for (let i = 0; i < count; i += 1)
    writeFileSync(
      join(folder, 'Stable-diffusion', `model-${i}.safetensors`),
      withNumber(readFileSync(DEMO), i),
    )
  return folder
}

/** The same weights with a number in the header: a file's identity comes from its beginning. */
function withNumber(file: Buffer, number: number): Buffer {
  const length = Number(file.readBigUInt64LE(0))
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<string, unknown>
  const numbered = Buffer.from(JSON.stringify({ ...header, __metadata__: { number: String(number) } }))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(numbered.length))
  return Buffer.concat([size, numbered, file.subarray(8 + length)])
}

async function runTraffic(models: string, affinity: '0' | '1') {
  const parts = {
    ...{ nodes: 1, gateways: 1, workers: Number(options.workers) },
    environment: {
      ...{ ATELIER_ENGINE: 'fake', ATELIER_FAKE_STEP_MS: options['step-ms'], ATELIER_SLOTS: '1' },
      ...{ ATELIER_MODELS: models, ATELIER_AFFINITY: affinity, ATELIER_FAKE_LOAD_MS: options['load-ms'] },
      // One of these checkpoints fits, not two.
      ATELIER_MODEL_MEMORY_GB: '0.1',
    },
  }
  return withCluster(parts, async (cluster, natsUrl) => {
    const failed = await sendTraffic(`${cluster.gateways[0]!.webui}/sdapi/v1/txt2img`)
    return { failed, ...describe(await readRecords(natsUrl)) }
  })
}

/** Sends the same requests at the same moments in every run; gives how many got no picture. */
async function sendTraffic(address: string): Promise<number> {
  const random = createRandom(1)
  const answers: Promise<Response>[] = []
  for (let i = 0; i < Number(options.jobs); i += 1) {
    const model = `model-${Math.floor(random() * Number(options.models))}`
    const body = { prompt: `${i}`, width: 64, height: 64, steps: STEPS, seed: i }
    answers.push(
      fetch(address, {
        method: 'POST',
        body: JSON.stringify({ ...body, override_settings: { sd_model_checkpoint: model } }),
        headers: { 'content-type': 'application/json' },
      }),
    )
    await sleep(-Math.log(1 - random()) * Number(options['gap-ms']))
  }
  return (await Promise.all(answers)).filter(({ status }) => status !== 200).length
}

async function readRecords(natsUrl: string): Promise<JobRecord[]> {
  const store = await openLedger({
    settings: z.object(ledgerSettings).parse({ ATELIER_NATS_URL: natsUrl }),
    name: 'bench',
  })
  const records = await store.jobs.list({})
  await store.close()
  return records
}

function describe(records: readonly JobRecord[]) {
  const inOrder = [...records].sort((a, b) => a.startedAtMs - b.startedAtMs)
  const held = new Map<string, string>()
  let switches = 0
  for (const { workersTried, job } of inOrder) {
    const worker = workersTried.at(-1) ?? ''
    const model = job?.models[0]?.name ?? ''
    if (held.get(worker) !== model) switches += 1
    held.set(worker, model)
  }
  const waits = records.map(({ startedAtMs, job }) => startedAtMs - (job?.submittedAtMs ?? 0))
  const latencies = records.map(({ endedAtMs, job }) => endedAtMs - (job?.submittedAtMs ?? 0))
  const order = toOrder(inOrder)
  const mean = (values: readonly number[]) =>
    Math.round(values.reduce((sum, value) => sum + value, 0) / values.length)
  return {
    ...{ jobs: records.length, switches, meanLatencyMs: mean(latencies), meanWaitMs: mean(waits) },
    ...{ waitMs: toQuantiles(waits), ...order },
  }
}

/**
 * What is promised about the order, as it was kept: how much younger the youngest job was that began before another one,
 * and how long a job was the oldest that waited while younger ones were begun.
 */
function toOrder(inOrder: readonly JobRecord[]) {
  const admitted = (record: JobRecord) => record.job?.submittedAtMs ?? 0
  const isAhead = (other: JobRecord, record: JobRecord) =>
    record.startedAtMs - other.startedAtMs > SAME_MS && admitted(other) > admitted(record)
  const each = inOrder.map((record) => {
    const ahead = inOrder.filter((other) => isAhead(other, record))
    const older = inOrder.filter((other) => admitted(other) < admitted(record))
    const headAt = Math.max(admitted(record), ...older.map(({ startedAtMs }) => startedAtMs))
    const firstPassed = ahead.find(({ startedAtMs }) => startedAtMs > headAt)
    return {
      younger: Math.max(0, ...ahead.map((other) => admitted(other) - admitted(record))),
      passed: firstPassed === undefined ? 0 : record.startedAtMs - firstPassed.startedAtMs,
    }
  })
  return {
    passedByYoungerMs: Math.max(...each.map(({ younger }) => younger)),
    passedOverMs: Math.max(...each.map(({ passed }) => passed)),
  }
}

const models = makeModels(Number(options.models))
try {
  const byResidence = await runTraffic(models, '1')
  process.stdout.write(`routed by what is loaded: ${JSON.stringify(byResidence)}\n`)
  const firstCome = await runTraffic(models, '0')
  process.stdout.write(`first come, first served: ${JSON.stringify(firstCome)}\n`)
  const machine = `${cpus().length} x ${cpus()[0]?.model}`
  const { out, ...settings } = options
  const bounds = {
    passedByYoungerMs: AFFINITY_WINDOW_MS,
    // And what the workers were at when its time was over.
    passedOverMs: AFFINITY_WINDOW_MS + Number(options['load-ms']) + 2 * STEPS * Number(options['step-ms']),
  }
  const result = { when: new Date().toISOString(), machine, settings, bounds, byResidence, firstCome }
  if (out !== undefined) writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`)
  const isKept =
    byResidence.passedByYoungerMs <= bounds.passedByYoungerMs &&
    byResidence.passedOverMs <= bounds.passedOverMs
  process.stdout.write(`bounds ${JSON.stringify(bounds)} ${isKept ? 'kept' : 'NOT KEPT'}\n`)
  process.exitCode = isKept && byResidence.failed + firstCome.failed === 0 ? 0 : 1
} finally {
  rmSync(models, { recursive: true, force: true })
}
