import { AggregatorRegistry, type Counter } from 'prom-client'
import type { Server } from 'node:http'
import type { LedgerStore } from '@atelier/ledger'
import { joinOperations, readRegistry, serveOperations, type OperationsSource } from '@atelier/telemetry'
import type { Logger } from 'pino'
import type { WorkerConfig } from './config.ts'
import { chooseDevices, type ChosenDevice } from './devices/choose-devices.ts'
import { withCudaFolder } from './devices/cuda-libraries.ts'
import { CUDA_CALLS } from './engine/onnx/runtime/cuda-calls.ts'
import { Worker, type WorkerOptions } from './worker.ts'

/** The workers of one program: one for each device, each with an engine of its own. */
export interface StartedWorkers {
  readonly workers: readonly Worker[]
  /** Metrics and readiness of all. */
  readonly operations: OperationsSource
  /** Drains all of them. */
  close(): Promise<void>
}

/** What workers are started with. */
export interface StartOptions {
  readonly config: WorkerConfig
  readonly store: LedgerStore
  readonly environment: Record<string, string | undefined>
  readonly logger: Logger
  /** Counters of the whole program, shown with its first worker's metrics. */
  readonly counters?: readonly Counter[]
}

/**
 * Starts a worker for each device that is to be used; resolves when every engine is up.
 * @throws Error when a device asked for by name cannot be used, or a port cannot be bound
 */
export async function startWorkers(options: StartOptions): Promise<StartedWorkers> {
  const { config, environment, logger } = options
  const workers: Worker[] = []
  const operations = describeOperations(workers)
  // Before the devices are tried, which takes a while: until then it is alive, and not ready.
  const server = await openPort(config, workers, operations)
  const isFake = config.ATELIER_ENGINE === 'fake'
  const devices = await chooseDevices(isFake ? 'cpu' : config.ATELIER_DEVICE, {
    ...{ environment, logger },
    cudaCalls: config.ATELIER_CUDA_CALLS === 'auto' ? CUDA_CALLS : [config.ATELIER_CUDA_CALLS],
  })
  const created = devices.map(
    (device, index) => new Worker(toWorkerOptions(options, device, devices.length > 1 ? index : undefined)),
  )
  workers.push(...created)
  await Promise.all(workers.map((worker) => worker.start()))
  return {
    ...{ workers, operations },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close()))
      server?.close()
    },
  }
}

/** What all workers show together; there may be none yet. */
function describeOperations(workers: readonly Worker[]): OperationsSource {
  const join = () => joinOperations(workers.map((worker) => worker.operations))
  return {
    registry: { getMetricsAsJSON: () => join().registry.getMetricsAsJSON() },
    readReadiness: async () =>
      workers.length === 0 ? { ready: false, reason: 'the devices are being tried' } : join().readReadiness(),
  }
}

/** One of several workers has a name and a gRPC port of its own. */
function toWorkerOptions(
  options: StartOptions,
  { device, gpu, cudaCalls }: ChosenDevice,
  index?: number,
): WorkerOptions {
  const { config } = options
  const environment = {
    ...(gpu === undefined ? options.environment : withCudaFolder(options.environment)),
    ATELIER_DEVICE: device,
    ...(cudaCalls && { ATELIER_CUDA_CALLS: cudaCalls }),
    ...(gpu && { ATELIER_DEVICE_TITLE: gpu.title }),
    ...(gpu && gpu.memoryTotalBytes > 0 && { ATELIER_DEVICE_MEMORY_BYTES: String(gpu.memoryTotalBytes) }),
  }
  const counters = index === undefined || index === 0 ? (options.counters ?? []) : []
  const own = { ...options, environment, counters, config: { ...config, ATELIER_DEVICE: device } }
  if (index === undefined) return own
  const { ATELIER_GRPC_PORT: port, ATELIER_GRPC_ADVERTISE: advertised } = config
  return {
    ...own,
    config: {
      ...own.config,
      workerId: `${config.workerId}-${device.replace(':', '')}`,
      ATELIER_GRPC_PORT: port === 0 ? 0 : port + index,
      ...(advertised && { ATELIER_GRPC_ADVERTISE: shiftPort(advertised, index) }),
    },
  }
}

/** "host:port" with the port moved up. */
function shiftPort(address: string, by: number): string {
  return address.replace(/:(\d+)$/, (_, port: string) => `:${Number(port) + by}`)
}

async function openPort(
  config: WorkerConfig,
  workers: readonly Worker[],
  { registry, readReadiness }: OperationsSource,
): Promise<Server | undefined> {
  const { ATELIER_METRICS_PORT: port, ATELIER_GRPC_HOST: host } = config
  if (port === 0) return undefined
  const readMetrics = async () => {
    const [only, ...more] = workers
    // Added up, some metrics of the process would be left out.
    if (only !== undefined && more.length === 0) return readRegistry(only.operations.registry)
    return readRegistry(AggregatorRegistry.aggregate([await registry.getMetricsAsJSON()]))
  }
  return serveOperations({ host, port, readMetrics, readReadiness })
}
