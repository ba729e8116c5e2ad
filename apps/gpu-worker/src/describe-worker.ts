import { WorkerDescription, type ModelFile } from '@atelier/proto'
import manifest from '../package.json' with { type: 'json' }
import type { WorkerConfig } from './config.ts'
import { readMachineMemory } from './devices/machine-memory.ts'
import type { FromEngine } from './engine-protocol.ts'
import { toAuthority } from './progress/worker-service.ts'

/** How a worker fares. */
export interface WorkerState {
  readonly startedAtMs: number
  readonly isDraining: boolean
  /** The port its gRPC service is bound to; 0: none yet. */
  readonly grpcPort: number
  /** What its engine said of itself; absent: none is up. */
  readonly engine: Extract<FromEngine, { kind: 'ready' }> | undefined
  readonly engineRestarts: number
  readonly jobIds: readonly string[]
  readonly files: readonly ModelFile[]
  readonly residentIdentities: readonly string[]
}

/** A worker as the directory shows it. */
export function describeWorker(config: WorkerConfig, state: WorkerState): WorkerDescription {
  const { engine } = state
  const memory = readMachineMemory()
  return WorkerDescription.fromPartial({
    id: config.workerId,
    grpcAddress: config.ATELIER_GRPC_ADVERTISE ?? toAuthority(config.ATELIER_GRPC_HOST, state.grpcPort),
    startedAtMs: state.startedAtMs,
    draining: state.isDraining,
    ready: engine !== undefined,
    device: {
      name: engine?.device ?? '',
      title: engine?.title ?? '',
      memoryTotalBytes: memory.totalBytes,
      memoryFreeBytes: memory.freeBytes,
      hostTotalBytes: memory.totalBytes,
      hostFreeBytes: memory.freeBytes,
    },
    slots: engine?.slots ?? 1,
    jobIds: [...state.jobIds],
    models: [...state.files],
    residentIdentities: [...state.residentIdentities],
    version: manifest.version,
    engineRestarts: state.engineRestarts,
  })
}
