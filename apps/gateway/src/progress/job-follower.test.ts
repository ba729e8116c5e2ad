import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  JobEvent,
  JobRecord,
  JobState,
  WorkerDescription,
  WorkerServiceService,
  type WatchJobRequest,
  type WatchJobResponse,
} from '@atelier/proto'
import { JobFollower } from './job-follower.ts'
import { WorkerConnections } from './worker-connections.ts'

type WatchCall = ServerWritableStream<WatchJobRequest, WatchJobResponse>

const step = (sequence: number, epoch = 1) =>
  JobEvent.fromPartial({
    jobId: 'j',
    epoch,
    sequence,
    event: { $case: 'stepProgress', value: { step: sequence } },
  })
const end = (sequence: number, epoch = 1) =>
  JobEvent.fromPartial({ jobId: 'j', epoch, sequence, event: { $case: 'jobEnd', value: {} } })
const running = (epoch = 1) =>
  JobRecord.fromPartial({
    job: { id: 'j' },
    state: JobState.JOB_STATE_RUNNING,
    epoch,
    workerId: 'w',
    workersTried: ['w'],
  })

describe('JobFollower', () => {
  const server = { grpc: new Server(), address: '', watches: [] as WatchCall[] }
  let connections: WorkerConnections
  const heard: number[] = []

  beforeEach(async () => {
    server.grpc = new Server()
    server.watches = []
    heard.length = 0
    server.grpc.addService(WorkerServiceService, {
      watchJob: (call: WatchCall) => void server.watches.push(call),
      controlJob: () => undefined,
      describeWorker: () => undefined,
      freeMemory: () => undefined,
    })
    const port = await new Promise<number>((resolve, reject) =>
      server.grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    )
    connections = new WorkerConnections(() => [
      WorkerDescription.fromPartial({ id: 'w', grpcAddress: `127.0.0.1:${port}` }),
    ])
  })

  afterEach(() => {
    connections.close()
    server.grpc.forceShutdown()
  })

  const follow = (record: JobRecord, drainLimitMs = 2_000) =>
    new JobFollower(record, {
      dial: (workerId) => connections.client(workerId),
      onEvent: (event) => heard.push(event.sequence),
      drainLimitMs,
    })
  const watch = (index: number) =>
    vi.waitUntil(() => server.watches[index], { timeout: 5_000 }) as Promise<WatchCall>

  it('hears each event once, in order', async () => {
    const follower = follow(running())
    const call = await watch(0)
    for (const event of [step(1), step(2), step(2), step(1), step(3)]) call.write({ event, reset: false })
    await vi.waitUntil(() => heard.length === 3)
    expect(heard).toEqual([1, 2, 3])
    follower.close()
  })

  it('resumes after the last sequence when the stream breaks', async () => {
    const follower = follow(running())
    const first = await watch(0)
    first.write({ event: step(1), reset: false })
    await vi.waitUntil(() => heard.length === 1)
    first.end()
    const second = await watch(1)
    expect(second.request).toMatchObject({ jobId: 'j', epoch: 1, afterSequence: 1 })
    follower.close()
  })

  it('starts again from the first sequence at a new epoch', async () => {
    const follower = follow(running(1))
    const first = await watch(0)
    first.write({ event: step(5), reset: false })
    await vi.waitUntil(() => heard.length === 1)
    follower.update(running(2))
    const second = await watch(1)
    expect(second.request).toMatchObject({ epoch: 2, afterSequence: 0 })
    follower.close()
  })

  it('fetches the events of a job it first hears of when it has ended', async () => {
    const ended = JobRecord.fromPartial({ ...running(), state: JobState.JOB_STATE_DONE, workerId: '' })
    const follower = follow(ended)
    const drained = follower.drain()
    const call = await watch(0)
    call.write({ event: step(1), reset: false })
    call.write({ event: end(2), reset: false })
    await drained
    expect(heard).toEqual([1, 2])
    follower.close()
  })

  it('does not wait for last events beyond the limit', async () => {
    const follower = follow(running(), 50)
    await watch(0)
    follower.update(JobRecord.fromPartial({ ...running(), state: JobState.JOB_STATE_DONE }))
    await follower.drain()
    expect(heard).toEqual([])
    follower.close()
  })
})
