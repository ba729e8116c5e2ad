import { statfs } from 'node:fs/promises'
import type { StoreUse } from '../store-use.ts'

/** Room a disk must have left for jobs to be taken, bytes: it is shared with everything else of the machine. */
const DISK_RESERVE_BYTES = 512 * 1024 ** 2

/** How full the disk of a folder is; nothing where the system does not tell. */
export async function readDiskUse(folder: string): Promise<StoreUse[]> {
  const disk = await statfs(folder).catch(() => undefined)
  if (disk === undefined || disk.blocks === 0) return []
  const limitBytes = disk.blocks * disk.bsize
  const usedBytes = limitBytes - disk.bavail * disk.bsize
  return [
    { name: `the disk of ${folder}`, usedBytes, limitBytes, fullAtBytes: limitBytes - DISK_RESERVE_BYTES },
  ]
}
