import { randomUUID } from 'node:crypto'
import { Job, JobResult, NamedFile, Surface } from '@atelier/proto'
import { openEmbeddedLedger } from '../index.ts'

// Submits, claims and finishes jobs as fast as it can, saying what was acknowledged, until it is killed.

const store = await openEmbeddedLedger({ folder: process.argv[2] ?? '' })
const say = (text: string): void => void process.stdout.write(`${text}\n`)
say('up now')
for (;;) {
  const id = randomUUID()
  await store.jobs.submit(Job.fromPartial({ id, tenant: 'a', surface: Surface.SURFACE_COMFY, publicId: id, requestDigest: id }))
  say(`submitted ${id}`)
  const lease = await store.jobs.claim(
    { workerId: 'w', accepts: () => true, residentIdentities: [] },
    AbortSignal.timeout(1_000),
  )
  const jobId = lease?.record.job?.id
  if (lease === undefined || jobId === undefined) continue
  const blob = await store.blobs.put(`results/${jobId}/${lease.epoch}/0`, new Uint8Array(1000).fill(7), 'image/png')
  const result = JobResult.fromPartial({ files: [NamedFile.fromPartial({ blob })] })
  if (await store.jobs.finish(lease, { kind: 'done', result })) say(`finished ${jobId}`)
}
