import { hypernetwork, type Hypernetwork } from '../networks/patches/hypernetwork.ts'
import type { InsidePatch } from '../denoise/inside/patch-network.ts'

/** A hypernetwork with its strength. */
export function createHypernetwork(read: Hypernetwork, strength: number, id: number): InsidePatch {
  const name = `hypernetwork_${id}`
  return { network: hypernetwork(name, read), rows: { [name]: [strength] } }
}
