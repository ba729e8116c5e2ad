import type { Job, JobEvent } from '@atelier/proto'
import type { Pixels } from './image/pixels.ts'
import type { EngineFile } from '../engine-protocol.ts'

/** Something that happened to a job. */
export type Happening = NonNullable<JobEvent['event']>

/** What a running job may use of the world outside the engine. */
export interface JobContext {
  readonly job: Job
  /** Bytes of the blobs the job refers to, by key. */
  readonly inputs: ReadonlyMap<string, Uint8Array>
  /** The picture as it is to be encoded; the fake engine writes into it whose it is. */
  finishPixels(pixels: Pixels): Pixels
  /** Aborts when the job was cancelled. */
  readonly cancelled: AbortSignal
  /** Whether the present pass is to end now; asking takes the wish back. */
  takeSkip(): boolean
  /** Reports progress. */
  tell(happening: Happening): void
  /** Stores and announces a picture ahead of the end. */
  sendEarly(file: EngineFile, index: number, count: number): void
  /** Reserves numbers of one of the tenant's counters and gives the first. */
  allocate(counter: string, count: number): Promise<number>
}
