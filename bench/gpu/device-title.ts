import { cpus } from 'node:os'
import { listGpus } from '../../apps/gpu-worker/src/devices/list-gpus.ts'

/** A device's name, or undefined, said loudly, when it is not here. */
export async function findTitle(device: string): Promise<string | undefined> {
  if (device === 'cpu') return cpus()[0]?.model ?? 'CPU'
  const { gpus, reason } = await listGpus()
  const gpu = gpus.find(({ index }) => device === `cuda:${index}`)
  if (gpu === undefined) console.error(`SKIPPED: no ${device} here: ${reason ?? 'no such device'}`)
  return gpu?.title
}

/** A device's name as part of a file's. */
export function toFileName(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
}
