import { join } from 'node:path'
import koffi from 'koffi'
import { locateRuntime } from '../../../../devices/cuda-libraries.ts'

/** The version of the C API that the places below were read in; each ONNX Runtime knows all earlier ones. */
const API_VERSION = 22
/** C++ wants more stack than foreign calls usually have, bytes. */
const STACK_BYTES = 16 * 1024 * 1024

/** ONNX Runtime's library as onnxruntime-node ships it. */
const LIBRARIES: Readonly<Record<string, string>> = {
  linux: 'libonnxruntime.so.1',
  darwin: 'libonnxruntime.1.dylib',
  win32: 'onnxruntime.dll',
}

/**
 * The functions of ONNX Runtime's C API that are used here (onnxruntime_c_api.h): their place in its table `OrtApi`, which
 * new versions only lengthen, what they answer (a status is null when all is well) and what they take. Objects are opaque
 * and written as void.
 */
const FUNCTIONS = {
  GetErrorMessage: [2, 'const char *', 'void *status'],
  CreateEnv: [3, 'void *', 'int level, const char *name, _Out_ void **environment'],
  CreateSessionFromArray: [
    8,
    'void *',
    'void *environment, void *model, size_t bytes, void *options, _Out_ void **session',
  ],
  Run: [
    9,
    'void *',
    'void *session, void *options, const char **input_names, void **inputs, size_t inputs_count, ' +
      'const char **output_names, size_t outputs_count, _Inout_ void **outputs',
  ],
  CreateSessionOptions: [10, 'void *', '_Out_ void **options'],
  SetSessionLogSeverityLevel: [22, 'void *', 'void *options, int level'],
  SetSessionGraphOptimizationLevel: [23, 'void *', 'void *options, int level'],
  SetIntraOpNumThreads: [24, 'void *', 'void *options, int count'],
  SessionGetInputCount: [30, 'void *', 'void *session, _Out_ size_t *count'],
  SessionGetOutputCount: [31, 'void *', 'void *session, _Out_ size_t *count'],
  SessionGetInputTypeInfo: [33, 'void *', 'void *session, size_t place, _Out_ void **type'],
  SessionGetInputName: [36, 'void *', 'void *session, size_t place, void *allocator, _Out_ void **name'],
  SessionGetOutputName: [37, 'void *', 'void *session, size_t place, void *allocator, _Out_ void **name'],
  CreateRunOptions: [39, 'void *', '_Out_ void **options'],
  CreateTensorWithDataAsOrtValue: [
    49,
    'void *',
    'void *memory, void *data, size_t bytes, void *shape, size_t rank, int type, _Out_ void **value',
  ],
  GetTensorMutableData: [51, 'void *', 'void *value, _Out_ void **data'],
  CastTypeInfoToTensorInfo: [55, 'void *', 'void *type, _Out_ void **info'],
  GetTensorElementType: [60, 'void *', 'void *info, _Out_ int *type'],
  GetDimensionsCount: [61, 'void *', 'void *info, _Out_ size_t *rank'],
  GetDimensions: [62, 'void *', 'void *info, void *shape, size_t rank'],
  GetTensorTypeAndShape: [65, 'void *', 'void *value, _Out_ void **info'],
  CreateMemoryInfo: [68, 'void *', 'const char *name, int allocator, int id, int type, _Out_ void **memory'],
  AllocatorFree: [76, 'void *', 'void *allocator, void *memory'],
  GetAllocatorWithDefaultOptions: [78, 'void *', '_Out_ void **allocator'],
  ReleaseStatus: [93, 'void', 'void *status'],
  ReleaseSession: [95, 'void', 'void *session'],
  ReleaseValue: [96, 'void', 'void *value'],
  ReleaseRunOptions: [97, 'void', 'void *options'],
  ReleaseTypeInfo: [98, 'void', 'void *type'],
  ReleaseTensorTypeAndShapeInfo: [99, 'void', 'void *info'],
  ReleaseSessionOptions: [100, 'void', 'void *options'],
  AddSessionConfigEntry: [130, 'void *', 'void *options, const char *key, const char *value'],
  RunWithBinding: [133, 'void *', 'void *session, void *options, void *binding'],
  CreateIoBinding: [134, 'void *', 'void *session, _Out_ void **binding'],
  ReleaseIoBinding: [135, 'void', 'void *binding'],
  BindInput: [136, 'void *', 'void *binding, const char *name, void *value'],
  BindOutput: [137, 'void *', 'void *binding, const char *name, void *value'],
  AddRunConfigEntry: [165, 'void *', 'void *options, const char *key, const char *value'],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, 'void *', 'void *options, void *cuda'],
  CreateCUDAProviderOptions: [205, 'void *', '_Out_ void **cuda'],
  UpdateCUDAProviderOptions: [
    206,
    'void *',
    'void *cuda, const char **keys, const char **values, size_t count',
  ],
  ReleaseCUDAProviderOptions: [208, 'void', 'void *cuda'],
} as const

/** Plain memory of the process, as `CreateMemoryInfo` is told: OrtArenaAllocator, OrtMemTypeDefault. */
export const HOST_MEMORY = ['Cpu', 1, 0, 0] as const

/** A function of the C API by its name there. */
export type OrtFunction = keyof typeof FUNCTIONS

/** What C functions take: pointers are bigints, typed arrays are passed by their address, lists are copied. */
export type CArgument =
  bigint | number | string | NodeJS.TypedArray | readonly (bigint | string | null)[] | null

/** ONNX Runtime's C API, for one thread of a process: the library for foreign calls may not be loaded in two. */
export class OrtApi {
  readonly #functions: ReadonlyMap<string, (...args: readonly CArgument[]) => unknown>

  /** @throws Error when the library cannot be loaded or is too old */
  constructor() {
    // Before the first call.
    koffi.config({ ...koffi.config(), sync_stack_size: STACK_BYTES })
    const library = koffi.load(join(locateRuntime().providerFolder, LIBRARIES[process.platform] ?? ''))
    const base = library.func('void *OrtGetApiBase()')() as bigint
    const table = decodeFunction(base, 0, 'void *GetApi(uint32_t version)')(API_VERSION) as bigint | null
    if (table === null) throw new Error(`ONNX Runtime does not know version ${API_VERSION} of its C API`)
    this.#functions = new Map(
      Object.entries(FUNCTIONS).map(([name, [place, result, args]]) => [
        name,
        decodeFunction(table, place, `${result} ${name}(${args})`),
      ]),
    )
  }

  /**
   * Calls a function.
   * @throws Error with ONNX Runtime's words
   */
  call(name: OrtFunction, ...args: readonly CArgument[]): void {
    const status = this.#functions.get(name)!(...args) as bigint | null | undefined
    // Functions that free something answer nothing.
    if (status === null || status === undefined) return
    const message = this.#functions.get('GetErrorMessage')!(status) as string
    this.#functions.get('ReleaseStatus')!(status)
    throw new Error(message)
  }

  /** Calls a function whose last argument is where it puts what it makes, and returns that: a pointer or a number. */
  make(name: OrtFunction, ...args: readonly CArgument[]): bigint {
    const made: (bigint | null)[] = [null]
    this.call(name, ...args, made)
    return BigInt(made[0] ?? 0)
  }
}

function decodeFunction(table: bigint, place: number, prototype: string) {
  const address = koffi.decode(table, place * koffi.sizeof('void *'), 'void *') as bigint
  return koffi.decode(address, koffi.proto(prototype)) as (...args: readonly CArgument[]) => unknown
}
