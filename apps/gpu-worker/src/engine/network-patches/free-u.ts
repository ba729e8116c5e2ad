import { freeU, type FreeUSettings } from '../networks/patches/free-u.ts'
import type { InsidePatch } from '../denoise/inside/patch-network.ts'

/** FreeU with its factors. */
export function createFreeU(settings: FreeUSettings, version: 1 | 2, id: number): InsidePatch {
  const name = `free_u_${id}`
  return { network: freeU(name, version), rows: { [name]: settings } }
}
