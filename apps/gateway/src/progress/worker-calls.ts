import { Metadata } from '@grpc/grpc-js'
import type { FreeMemoryRequest, JobControl, WorkerServiceClient } from '@atelier/proto'

/** Deadline of a unary call to a worker, milliseconds; the job record is the reliable path. */
const CALL_DEADLINE_MS = 2_000

const deadline = () => ({ deadline: Date.now() + CALL_DEADLINE_MS })

/** Acts on a running job; false when the worker does not hold it or cannot be reached. */
export function callControl(
  client: WorkerServiceClient,
  jobId: string,
  control: JobControl,
): Promise<boolean> {
  return new Promise((resolve) => {
    client.controlJob({ jobId, control }, new Metadata(), deadline(), (error, response) =>
      resolve(error === null && response.found),
    )
  })
}

/** Asks a worker to free memory; resolves when it answered or cannot be reached. */
export function callFreeMemory(client: WorkerServiceClient, request: FreeMemoryRequest): Promise<void> {
  return new Promise((resolve) => {
    client.freeMemory(request, new Metadata(), deadline(), () => resolve())
  })
}
