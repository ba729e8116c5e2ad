import { readEngineConfig } from './config.ts'
import { proveDevice, proveNetwork } from './onnx/prove-device.ts'

// A process of its own: a driver that is broken can take down whoever asks it.
const { device, threads } = readEngineConfig()
try {
  await proveDevice({ device, threads })
  await proveNetwork({ device, threads })
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
