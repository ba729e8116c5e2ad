import { cudaIndexOf } from '../cuda-index.ts'
import type { OrtApi } from './ort-api.ts'
import type { NativeOptions } from './thread-messages.ts'

/** ORT_LOGGING_LEVEL_ERROR: warnings tell of ops that run on the CPU by design. */
export const LOG_ERRORS = 3
/** GraphOptimizationLevel. */
const OPTIMIZATION = { all: 99, none: 0 } as const

/**
 * What CUDA's provider is told besides the device. The arena grows by what is asked for: by powers of two, its default, a
 * network of 3 GiB takes 4.
 */
const CUDA_OPTIONS = { arena_extend_strategy: 'kSameAsRequested' }

/**
 * Loads a model.
 * @returns the `OrtSession`
 * @throws Error with ONNX Runtime's words
 */
export function openSession(
  api: OrtApi,
  environment: bigint,
  bytes: Uint8Array,
  options: NativeOptions,
): bigint {
  const described = api.make('CreateSessionOptions')
  try {
    describeSession(api, described, options)
    return api.make('CreateSessionFromArray', environment, bytes, bytes.byteLength, described)
  } finally {
    api.call('ReleaseSessionOptions', described)
  }
}

function describeSession(api: OrtApi, described: bigint, options: NativeOptions): void {
  const { device, threads, optimization, weightsFolder, capturesCalls } = options
  api.call('SetSessionLogSeverityLevel', described, LOG_ERRORS)
  api.call('SetSessionGraphOptimizationLevel', described, OPTIMIZATION[optimization])
  if (threads > 0) api.call('SetIntraOpNumThreads', described, threads)
  if (weightsFolder !== undefined) {
    const key = 'session.model_external_initializers_file_folder_path'
    api.call('AddSessionConfigEntry', described, key, weightsFolder)
  }
  const index = cudaIndexOf(device)
  if (index === undefined) return
  addCuda(api, described, {
    ...{ device_id: String(index), enable_cuda_graph: capturesCalls ? '1' : '0' },
    ...CUDA_OPTIONS,
  })
}

function addCuda(api: OrtApi, described: bigint, entries: Readonly<Record<string, string>>): void {
  const cuda = api.make('CreateCUDAProviderOptions')
  try {
    const keys = Object.keys(entries)
    api.call('UpdateCUDAProviderOptions', cuda, keys, Object.values(entries), keys.length)
    api.call('SessionOptionsAppendExecutionProvider_CUDA_V2', described, cuda)
  } finally {
    api.call('ReleaseCUDAProviderOptions', cuda)
  }
}
