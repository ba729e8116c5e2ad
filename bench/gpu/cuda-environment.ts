import { spawnSync } from 'node:child_process'
import { withCudaFolder } from '../../apps/gpu-worker/src/devices/cuda-libraries.ts'

/**
 * Starts this program again with the folder of `install:cuda` on the loader's path, and ends with it; the loader reads its
 * path once. Returns where that is the case already, or where nothing is installed there.
 */
export function ensureCudaLibraries(device: string): void {
  if (device === 'cpu') return
  const present = process.env['LD_LIBRARY_PATH'] ?? ''
  const environment = withCudaFolder({ ...process.env, LD_LIBRARY_PATH: '' })
  const folder = environment['LD_LIBRARY_PATH']
  if (!folder || present.split(':').includes(folder)) return
  const { status } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: withCudaFolder(process.env),
  })
  process.exit(status ?? 1)
}
