import { networkInterfaces } from 'node:os'
import { credentials, status } from '@grpc/grpc-js'
import {
  JobControl,
  JobState,
  WorkerDescription,
  WorkerServiceClient,
  type WatchJobRequest,
  type WatchJobResponse,
} from '@atelier/proto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EventLog } from './event-log.ts'
import { startWorkerService, type WorkerService } from './worker-service.ts'

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

describe('the worker service', () => {
  const controls: [string, JobControl][] = []
  let events: EventLog
  let service: WorkerService
  let client: WorkerServiceClient
  beforeEach(async () => {
    events = new EventLog()
    service = await startWorkerService({
      host: '127.0.0.1',
      port: 0,
      events,
      describe: () => WorkerDescription.fromPartial({ id: 'w1', slots: 2 }),
      control: (jobId, control) => {
        controls.push([jobId, control])
        return jobId === 'job'
      },
      freeMemory: () => undefined,
    })
    client = new WorkerServiceClient(`127.0.0.1:${service.port}`, credentials.createInsecure())
  })
  afterEach(() => {
    client.close()
    service.close()
  })

  const watch = (request: Partial<WatchJobRequest>) => {
    const responses: WatchJobResponse[] = []
    const call = client.watchJob({ jobId: 'job', epoch: 0, afterSequence: 0, previews: false, ...request })
    const ended = new Promise<number>((resolve) => {
      call.on('data', (response: WatchJobResponse) => responses.push(response))
      call.on('end', () => resolve(status.OK))
      call.on('error', (error: Error & { code?: number }) => resolve(error.code ?? -1))
    })
    return { responses, ended, call }
  }
  const step = (value: number) =>
    events.add('job', {
      $case: 'stepProgress',
      value: { step: value, totalSteps: 2, passIndex: 0, nodeId: '' },
    })

  it.skipIf(!hasIpv6)('listens on an IPv6 address', async () => {
    const other = await startWorkerService({
      ...{ host: '::1', port: 0, events, control: () => true, freeMemory: () => undefined },
      describe: () => WorkerDescription.fromPartial({ id: 'six' }),
    })
    const caller = new WorkerServiceClient(`[::1]:${other.port}`, credentials.createInsecure())
    const told = await new Promise<string | undefined>((resolve, reject) =>
      caller.describeWorker({}, (error, response) =>
        error === null ? resolve(response.worker?.id) : reject(error),
      ),
    )
    caller.close()
    other.close()
    expect(told).toBe('six')
  })

  it('streams what was missed and what follows, and ends with the job', async () => {
    events.open('job', 1)
    step(1)
    const { responses, ended } = watch({ epoch: 1 })
    await new Promise((resolve) => setTimeout(resolve, 50))
    step(2)
    events.end('job', JobState.JOB_STATE_DONE)
    expect(await ended).toBe(status.OK)
    expect(responses.map(({ event }) => event?.event?.$case)).toEqual([
      'stepProgress',
      'stepProgress',
      'jobEnd',
    ])
  })

  it('sends previews to those who want them', async () => {
    const add = () =>
      events.add('job', {
        $case: 'previewReady',
        value: { step: 1, data: Buffer.from('x'), format: 1, width: 8, height: 8, nodeId: '' },
      })
    events.open('job', 1)
    const [with_, without] = [watch({ previews: true }), watch({})]
    await new Promise((resolve) => setTimeout(resolve, 50))
    add()
    events.end('job', JobState.JOB_STATE_DONE)
    await Promise.all([with_.ended, without.ended])
    expect(with_.responses).toHaveLength(2)
    expect(without.responses).toHaveLength(1)
  })

  it('answers NOT_FOUND for a job that does not run here', async () => {
    expect(await watch({ jobId: 'other' }).ended).toBe(status.NOT_FOUND)
  })

  it('passes controls on and says whether the job is here', async () => {
    const control = (jobId: string) =>
      new Promise<boolean>((resolve, reject) =>
        client.controlJob({ jobId, control: JobControl.JOB_CONTROL_SKIP }, (error, response) =>
          error ? reject(error) : resolve(response.found),
        ),
      )
    expect(await control('job')).toBe(true)
    expect(await control('other')).toBe(false)
    expect(controls.at(-1)).toEqual(['other', JobControl.JOB_CONTROL_SKIP])
  })

  it('describes the worker', async () => {
    const worker = await new Promise<WorkerDescription | undefined>((resolve, reject) =>
      client.describeWorker({}, (error, response) => (error ? reject(error) : resolve(response.worker))),
    )
    expect(worker).toMatchObject({ id: 'w1', slots: 2 })
  })
})
