import type { CudaLibraries } from './cuda-libraries.ts'

/** CUDA 13 asks for this driver (NVIDIA's release notes). */
export const MINIMUM_DRIVER = 580
/** The command that puts the libraries in place. */
export const INSTALL_COMMAND = 'npm run install:cuda'

/**
 * Why no GPU can calculate on this machine, and what to do, in one line; undefined where nothing is known to be missing. What
 * the loader would say of the same faults names a file deep in a chain of libraries.
 */
export function findKnownFault(
  driver: string,
  { version, providerVersion, missing }: CudaLibraries,
): string | undefined {
  if (isTooOld(driver))
    return `the NVIDIA driver ${driver} is too old for CUDA 13; install driver ${MINIMUM_DRIVER} or newer`
  if (missing.length > 0) return `libraries are missing: ${missing.join(', ')}; run: ${INSTALL_COMMAND}`
  if (providerVersion !== undefined && providerVersion !== version)
    return `the CUDA provider is of ONNX Runtime ${providerVersion}, not ${version}; run: ${INSTALL_COMMAND}`
  return undefined
}

/** Whether a driver's version is below what the libraries ask for. */
export function isTooOld(driver: string): boolean {
  return Number(driver.split('.')[0]) < MINIMUM_DRIVER
}
