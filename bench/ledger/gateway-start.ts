import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { openNatsLedger } from '@atelier/ledger/nats'
import { startNatsServer } from '@atelier/ledger/test-kit'
import { GenerationJob, Job, JobRecord, JobResult, JobState, NamedFile, Surface } from '@atelier/proto'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

/** Records published at once. */
const AT_ONCE = 500
/** Finished records there are, at each measurement. */
const COUNTS = [0, 20_000, 60_000]
const PREFIX = 'start'

interface Start {
  readonly finished: number
  /** Until the records are known and the first listing is answered, milliseconds. */
  readonly milliseconds: number
  /** What the process's resident memory grew by, MiB. */
  readonly megabytes: number
}

/** How long a gateway that starts takes to know the jobs, beside finished records of earlier ones. */
async function measure(url: string, finished: number): Promise<Start> {
  const before = process.memoryUsage.rss()
  const began = performance.now()
  const store = open(url)
  await store.ready()
  await store.jobs.list({ limit: 1 })
  const milliseconds = performance.now() - began
  await store.close()
  const megabytes = (process.memoryUsage.rss() - before) / 1024 ** 2
  return { finished, milliseconds: Math.round(milliseconds), megabytes: Math.round(megabytes) }
}

function open(url: string) {
  const kept = { retentionHours: 168, maxQueued: 20_000, maxResultBytes: -1 }
  return openNatsLedger({ settings: { servers: [url], name: 'bench', prefix: PREFIX, ...kept } })
}

/** A finished job of 20 steps as its record is stored. */
function createFinished(): { key: string; bytes: Uint8Array } {
  const id = randomUUID()
  const infotext = `a cat on a wall, morning light\nSteps: 20, Sampler: DPM++ 2M, CFG scale: 7, ${'x'.repeat(400)}`
  const generation = GenerationJob.fromPartial({ images: [{ prompt: 'a cat', infotext }] })
  const blob = {
    key: `results/${id}/1/0`,
    sizeBytes: 400_000,
    sha256: 'f'.repeat(64),
    mediaType: 'image/png',
  }
  const record = JobRecord.fromPartial({
    formatVersion: 1,
    job: Job.fromPartial({
      ...{ id, tenant: 'open', surface: Surface.SURFACE_SDAPI, publicId: id, requestDigest: 'f'.repeat(64) },
      kind: { $case: 'generation', value: generation },
      surfaceNote: 'x'.repeat(2_500),
    }),
    ...{ state: JobState.JOB_STATE_DONE, revision: 3, epoch: 1, endedAtMs: Date.now() },
    result: JobResult.fromPartial({ files: [NamedFile.fromPartial({ blob })], imageIndexes: [0] }),
  })
  return { key: `$KV.${PREFIX}-jobs.open.${id}`, bytes: JobRecord.encode(record).finish() }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string' } } })
  const server = await startNatsServer()
  const maker = open(server.url)
  await maker.ready()
  const connection = await connect({ servers: server.url })
  const js = jetstream(connection)
  const starts: Start[] = []
  let stored = 0
  for (const count of COUNTS) {
    for (; stored < count; stored += AT_ONCE) {
      const records = Array.from({ length: AT_ONCE }, createFinished)
      await Promise.all(records.map(({ key, bytes }) => js.publish(key, bytes)))
    }
    starts.push(await measure(server.url, stored))
  }
  console.table(starts)
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify({ starts }, null, 2)}\n`)
  await connection.close()
  await maker.close()
  await server.dispose()
}

await main()
