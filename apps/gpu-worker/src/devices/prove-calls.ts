import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { CudaCalls } from '../engine/onnx/runtime/cuda-calls.ts'
import { typescriptArguments } from '../typescript.ts'
import { withCudaFolder } from './cuda-libraries.ts'
import { NO_TELEMETRY } from './onnx-telemetry.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What a device is proved with. */
export interface ProofOptions {
  readonly environment: Environment
  /** Ways of calling networks, in the order in which they are tried. */
  readonly cudaCalls: readonly CudaCalls[]
  /** Proves a device; absent: in a process of its own. */
  readonly prove?: typeof proveInChild | undefined
}

/** Ways of calling networks, for operators. */
export const CALLS_TEXT: Readonly<Record<CudaCalls, string>> = {
  captured: 'with captured graphs',
  native: 'without captured graphs',
  binding: "through ONNX Runtime's binding for Node",
}

/** A driver's first start may take long, milliseconds. */
const PROOF_TIMEOUT_MS = 180_000
const PROOF = new URL('../engine/prove-device-main.ts', import.meta.url)

/** The first way of calling networks on a device that passes its test, if any, and why the first that was tried did not. */
export async function proveCalls(
  device: string,
  { environment, cudaCalls, prove = proveInChild }: ProofOptions,
): Promise<{ readonly calls?: CudaCalls; readonly failure?: string }> {
  let failure: string | undefined
  for (const calls of cudaCalls) {
    const reason = await prove(device, { ...environment, ATELIER_CUDA_CALLS: calls })
    if (reason === undefined) return { calls, ...(failure !== undefined && { failure }) }
    failure ??= reason
  }
  return failure === undefined ? {} : { failure }
}

/** Runs a device's test in a process of its own: undefined when it passed, else why not. */
export async function proveInChild(device: string, environment: Environment): Promise<string | undefined> {
  const child = spawn(process.execPath, [...typescriptArguments(), fileURLToPath(PROOF)], {
    env: { ...NO_TELEMETRY, ...withCudaFolder(environment), ATELIER_DEVICE: device },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: PROOF_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('error', () => resolve([1, null]))
    child.once('close', (...end) => resolve(end))
  })
  if (code === 0) return undefined
  return text.trim().split('\n').at(-1) || `its test ended with ${signal ?? code}`
}
