import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'

/** ONNX Runtime's CUDA provider: loaded by the library beside it, and of its very version. */
export const PROVIDER_FILES = [
  'libonnxruntime_providers_cuda.so',
  'libonnxruntime_providers_shared.so',
] as const
/** CUDA's runtime. */
export const CUDA_RUNTIME = 'libcudart.so.13'
/**
 * NVIDIA's libraries the provider of ONNX Runtime 1.30 asks the loader for (CUDA 13; read off its dynamic section), and
 * cuDNN, which it opens itself for fast convolutions.
 */
export const CUDA_FILES = [
  CUDA_RUNTIME,
  'libcublas.so.13',
  'libcublasLt.so.13',
  'libcurand.so.10',
  'libcudnn.so.9',
] as const
/** Where distributions and NVIDIA's installers put libraries. */
const SYSTEM_FOLDERS = ['/usr/local/cuda/lib64', '/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib']

/** What is there for CUDA, and what is missing. */
export interface CudaLibraries {
  /** Version of onnxruntime-node, which the provider must have too. */
  readonly version: string
  /** Folder of ONNX Runtime's own library, where the provider belongs. */
  readonly providerFolder: string
  /** Folder beside it for NVIDIA's libraries, searched before the system's. */
  readonly cudaFolder: string
  /** Version of the provider that was installed here; undefined: unknown. */
  readonly providerVersion: string | undefined
  readonly missing: readonly string[]
}

/** Name of the note beside the provider that says which version it is. */
export const VERSION_NOTE = 'cuda-provider-version.txt'

/** Looks for the libraries CUDA needs on this machine. */
export function findCudaLibraries(environment: Readonly<Record<string, string | undefined>>): CudaLibraries {
  const { version, providerFolder } = locateRuntime()
  const cudaFolder = join(providerFolder, 'cuda')
  const folders = [cudaFolder, ...(environment['LD_LIBRARY_PATH'] ?? '').split(delimiter), ...SYSTEM_FOLDERS]
  const isThere = (file: string) => folders.some((folder) => folder !== '' && holds(folder, file))
  const note = join(providerFolder, VERSION_NOTE)
  return {
    ...{ version, providerFolder, cudaFolder },
    providerVersion: existsSync(note) ? readFileSync(note, 'utf8').trim() : undefined,
    missing: [
      ...PROVIDER_FILES.filter((file) => !existsSync(join(providerFolder, file))),
      ...CUDA_FILES.filter((file) => !isThere(file)),
    ],
  }
}

/** Where onnxruntime-node keeps its library for this platform, and which version it is. */
export function locateRuntime(): { version: string; providerFolder: string } {
  const require = createRequire(import.meta.url)
  const root = dirname(dirname(require.resolve('onnxruntime-node')))
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const bin = join(root, 'bin')
  const [napi = 'napi-v6'] = readdirSync(bin).filter((name) => name.startsWith('napi-'))
  return { version: manifest.version, providerFolder: join(bin, napi, process.platform, process.arch) }
}

/** An environment in which the loader finds NVIDIA's libraries installed beside the provider. */
export function withCudaFolder(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const folder = join(locateRuntime().providerFolder, 'cuda')
  if (!existsSync(folder)) return { ...environment }
  const present = environment['LD_LIBRARY_PATH']
  return { ...environment, LD_LIBRARY_PATH: present ? `${folder}${delimiter}${present}` : folder }
}

function holds(folder: string, file: string): boolean {
  // A link to a version with more parts counts; so does the file itself.
  return existsSync(join(folder, file))
}
