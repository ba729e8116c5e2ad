import type { Job, JobError, JobEvent, JobResult, ModelFile, NamedFile } from '@atelier/proto'

/**
 * Messages between the supervisor and its engine child process (structured clone over the process channel).
 * The engine never opens the ledger or the blob store: input bytes come with the job, output bytes go back by message.
 */
export type ToEngine =
  | {
      readonly kind: 'run'
      readonly job: Job
      readonly epoch: number
      /** Bytes of every blob the job refers to, by blob key. */
      readonly inputs: ReadonlyMap<string, Uint8Array>
      /** W3C Trace Context the execution's spans belong to; empty: not traced. */
      readonly traceparent: string
    }
  /** Stop this job at the next step, keep what it has. */
  | { readonly kind: 'cancel'; readonly jobId: string }
  /** End the present pass of this job. */
  | { readonly kind: 'skip'; readonly jobId: string }
  /** The model files the engine may open (replaces the list before). */
  | { readonly kind: 'models'; readonly files: readonly ModelFile[] }
  /** Answer to an engine's `allocate`; without `first` there is none to be had. */
  | { readonly kind: 'allocated'; readonly requestId: number; readonly first?: number }
  | { readonly kind: 'free-memory'; readonly unloadModels: boolean; readonly freeCache: boolean }
  /** Answered by `pong` at once unless a step runs: liveness. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'shut-down' }

/** A stored file on its way from the engine to the blob store. */
export interface EngineFile {
  /** Everything but its blob reference, which the supervisor fills in. */
  readonly file: NamedFile
  readonly bytes: Uint8Array
  readonly mediaType: string
}

/** How the engine ended a job. Files come in the order of the answer. */
export type EngineOutcome =
  | {
      readonly kind: 'done' | 'interrupted'
      readonly result: JobResult
      readonly files: readonly EngineFile[]
    }
  | {
      readonly kind: 'failed'
      readonly error: JobError
      readonly result?: JobResult
      readonly files: readonly EngineFile[]
    }

/** What an engine tells its supervisor. */
export type FromEngine =
  /** The engine is up; `device` as it found it. */
  | { readonly kind: 'ready'; readonly device: string; readonly title: string; readonly slots: number }
  /** Progress; sequence, epoch and time are filled in by the supervisor. */
  | { readonly kind: 'event'; readonly jobId: string; readonly event: NonNullable<JobEvent['event']> }
  /** A picture for `ImageReady` ahead of the end (SaveImageWebsocket): stored, then announced. */
  | {
      readonly kind: 'early-file'
      readonly jobId: string
      readonly file: EngineFile
      readonly index: number
      readonly count: number
    }
  | { readonly kind: 'end'; readonly jobId: string; readonly outcome: EngineOutcome }
  /** Reserve numbers of the tenant's counter (ComfyUI file counters). */
  | {
      readonly kind: 'allocate'
      readonly requestId: number
      readonly tenant: string
      readonly counter: string
      readonly count: number
    }
  | { readonly kind: 'resident'; readonly identities: readonly string[] }
  /** A step (UNet call, decode) is about to block the process for about this long; resets the hang watch. */
  | { readonly kind: 'busy'; readonly what: string }
  | { readonly kind: 'pong' }
  /** A denoising network answered so many rows at once. */
  | { readonly kind: 'evaluated'; readonly seconds: number; readonly rows: number }
  /** A network was made ready on the device. */
  | { readonly kind: 'loaded'; readonly seconds: number }
  | {
      readonly kind: 'log'
      readonly level: 'debug' | 'info' | 'warn' | 'error'
      readonly message: string
      readonly fields: Record<string, unknown>
    }
