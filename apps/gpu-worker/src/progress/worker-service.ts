import {
  Server,
  ServerCredentials,
  status,
  type ServerUnaryCall,
  type sendUnaryData,
  type ServerWritableStream,
} from '@grpc/grpc-js'
import {
  WorkerServiceService,
  type JobControl,
  type ControlJobRequest,
  type ControlJobResponse,
  type DescribeWorkerResponse,
  type FreeMemoryRequest,
  type WatchJobRequest,
  type WatchJobResponse,
  type WorkerDescription,
} from '@atelier/proto'
import type { EventLog, Told } from './event-log.ts'

/** Settings of the service: hung clients are found, large things travel by the blob store. */
const SERVER_OPTIONS = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_receive_message_length': 2 * 1024 * 1024,
  'grpc.max_concurrent_streams': 1_000,
}

/** What the service acts on. */
export interface WorkerServiceOptions {
  readonly host: string
  readonly port: number
  readonly events: EventLog
  readonly describe: () => WorkerDescription
  /** False when this worker does not hold the job. */
  readonly control: (jobId: string, control: JobControl) => boolean
  readonly freeMemory: (request: FreeMemoryRequest) => void
}

/** A running gRPC service. */
export interface WorkerService {
  readonly port: number
  close(): void
}

/** Hosts the worker service; gateways dial it. Rejects when the port cannot be bound. */
export async function startWorkerService(options: WorkerServiceOptions): Promise<WorkerService> {
  const server = new Server(SERVER_OPTIONS)
  server.addService(WorkerServiceService, {
    watchJob: (call: ServerWritableStream<WatchJobRequest, WatchJobResponse>) =>
      watchJob(call, options.events),
    controlJob(
      call: ServerUnaryCall<ControlJobRequest, ControlJobResponse>,
      callback: sendUnaryData<ControlJobResponse>,
    ) {
      callback(null, { found: options.control(call.request.jobId, call.request.control) })
    },
    describeWorker(_call: unknown, callback: sendUnaryData<DescribeWorkerResponse>) {
      callback(null, { worker: options.describe() })
    },
    freeMemory(call: ServerUnaryCall<FreeMemoryRequest, object>, callback: sendUnaryData<object>) {
      options.freeMemory(call.request)
      callback(null, {})
    },
  })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(
      toAuthority(options.host, options.port),
      ServerCredentials.createInsecure(),
      (error, bound) => (error === null ? resolve(bound) : reject(error)),
    ),
  )
  return { port, close: () => server.forceShutdown() }
}

/** "host:port" of an address, as one can be dialled: that of IPv6 in brackets. */
export function toAuthority(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function watchJob(call: ServerWritableStream<WatchJobRequest, WatchJobResponse>, events: EventLog): void {
  const { jobId, epoch, afterSequence, previews } = call.request
  let isBlocked = false
  const tell = ({ event, isReset }: Told): void => {
    const isPreview = event.event?.$case === 'previewReady'
    // A slow watcher loses previews, never anything else.
    if (isPreview && (isBlocked || !previews)) return
    isBlocked = !call.write({ event, reset: isReset })
    if (event.event?.$case === 'jobEnd') call.end()
  }
  call.on('drain', () => (isBlocked = false))
  const unwatch = events.watch(jobId, { epoch, afterSequence }, tell)
  if (unwatch === undefined) {
    call.emit('error', { code: status.NOT_FOUND, details: `job ${jobId} does not run here` })
    return
  }
  call.on('cancelled', unwatch)
  call.on('close', unwatch)
}
