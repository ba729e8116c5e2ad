import { toStateName } from '@atelier/ledger'
import { JobRecord } from '@atelier/proto'
import { jetstream } from '@nats-io/jetstream'
import { Kvm } from '@nats-io/kv'
import { connect } from '@nats-io/transport-node'
import type { JudgedRecord } from './chaos-judge.ts'

/** The bucket of job records of an installation with the default prefix. */
const BUCKET = 'atelier-jobs'

/** Every job record in the broker, read past all of the programs: lists of theirs show the newest 20,000. */
export async function readJobRecords(servers: string): Promise<JudgedRecord[]> {
  const connection = await connect({ servers: servers.split(',') })
  try {
    const bucket = await new Kvm(jetstream(connection)).open(BUCKET)
    const records: JudgedRecord[] = []
    for await (const { operation, value } of await bucket.history())
      if (operation === 'PUT') records.push(toJudged(JobRecord.decode(value)))
    return records
  } finally {
    await connection.close()
  }
}

function toJudged({ job, state, workersTried, startedAtMs, endedAtMs }: JobRecord): JudgedRecord {
  return {
    ...{ publicId: job?.publicId ?? '', state: toStateName(state), executions: workersTried.length },
    ...{ submittedAtMs: job?.submittedAtMs ?? 0, startedAtMs, endedAtMs },
  }
}
