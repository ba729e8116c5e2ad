import { totalmem } from 'node:os'

/** Memory a process may use, bytes. */
export interface MachineMemory {
  readonly totalBytes: number
  readonly freeBytes: number
}

/** What the machine has and what the system allows this process of it, bytes. */
interface MemoryReadings {
  readonly machineBytes: number
  /** The limit of its control group; 0 or more than the machine has: none. */
  readonly allowedBytes: number
  /** Free within both. */
  readonly availableBytes: number
}

/**
 * The memory this process may use: the machine's, or, in a container with a limit, that limit. Counting on more is answered
 * by the kernel with SIGKILL.
 */
export function readMachineMemory(
  readings: MemoryReadings = {
    machineBytes: totalmem(),
    allowedBytes: process.constrainedMemory(),
    availableBytes: process.availableMemory(),
  },
): MachineMemory {
  const { machineBytes, allowedBytes, availableBytes } = readings
  const totalBytes = allowedBytes > 0 ? Math.min(machineBytes, allowedBytes) : machineBytes
  return { totalBytes, freeBytes: Math.min(totalBytes, availableBytes) }
}
