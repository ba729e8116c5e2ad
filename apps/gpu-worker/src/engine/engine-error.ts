import { JobError } from '@atelier/proto'
import { PlanError } from './denoise/plan.ts'

/** Codes of the closed set (packages/ledger/src/errors.ts) that the engine gives. */
export type EngineErrorCode =
  | 'invalid-request'
  | 'not-found'
  | 'unusable-model'
  | 'model-changed'
  | 'node-failed'
  | 'not-a-number'
  | 'out-of-memory'
  | 'internal'

/** A job cannot be run, and why. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  readonly code: EngineErrorCode
  /** Exception class in the originals' words. */
  readonly exceptionType: string

  constructor(
    code: EngineErrorCode,
    message: string,
    { exceptionType = 'RuntimeError', ...options }: ErrorOptions & { exceptionType?: string } = {},
  ) {
    super(message, options)
    this.code = code
    this.exceptionType = exceptionType
  }
}

/** The error a job ends with; what we did not foresee is `internal`. */
export function toJobError(error: unknown): JobError {
  const cause = error instanceof Error ? error : new Error(String(error))
  const traceback = (cause.stack ?? '')
    .split('\n')
    .slice(1, 6)
    .map((line) => line.trim())
  const base = { message: cause.message, traceback, exceptionType: 'RuntimeError' }
  if (error instanceof EngineError)
    return JobError.fromPartial({ ...base, code: error.code, exceptionType: error.exceptionType })
  if (cause.name === 'CheckpointError') return JobError.fromPartial({ ...base, code: 'unusable-model' })
  if (cause.name === 'PromptError' || cause.name === 'PlanError') {
    const exceptionType = cause instanceof PlanError ? cause.exceptionType : 'ValueError'
    return JobError.fromPartial({ ...base, code: 'invalid-request', exceptionType })
  }
  if (isOutOfMemory(cause)) {
    const exceptionType = 'torch.OutOfMemoryError'
    return JobError.fromPartial({ ...base, code: 'out-of-memory', exceptionType, retryable: true })
  }
  return JobError.fromPartial({ ...base, code: 'internal' })
}

/** Whether an error says that memory ran out: ONNX Runtime's allocators and the C++ library in their words. */
export function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && /bad_alloc|out of memory|Failed to allocate/i.test(error.message)
}

/**
 * Whether an error says that the device's context is dead, after which nothing runs on it. CUDA's numbers: illegal address
 * (700), launch timeout (702), assertion (710), misaligned address (716), hardware fault (214, 719), device gone or unusable
 * (4, 46, 100, 101, 999). Out of memory (2) is none of them. A thread that has gone took every loaded model along.
 */
export function isDeviceLost(error: unknown): error is Error {
  return error instanceof Error && (LOST_CONTEXT.test(error.message) || error.message.startsWith(LOST_THREAD))
}

const LOST_CONTEXT = /CUDA failure (4|46|100|101|214|700|702|710|716|719|999)\b/

/** How errors begin that say that the thread of ONNX Runtime has gone (onnx/runtime/native/native-runtime.ts). */
export const LOST_THREAD = 'the thread of ONNX Runtime'
