import { readEngineConfig, readEnvironment } from './config.ts'
import { proveDevice, proveNetwork } from './onnx/prove-device.ts'
import { openRuntime } from './onnx/runtime/open-runtime.ts'

// A process of its own: a driver that is broken can take down whoever asks it.
const { device, threads, cudaCalls } = readEngineConfig(readEnvironment())
const runtime = openRuntime({ device, cudaCalls })
try {
  await proveDevice({ device, threads, runtime })
  await proveNetwork({ device, threads, runtime })
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
