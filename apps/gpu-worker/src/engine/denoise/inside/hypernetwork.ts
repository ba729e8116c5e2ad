import { hypernetwork, type Hypernetwork } from '../../networks/patches/hypernetwork.ts'
import type { InsidePatch } from './patch-network.ts'

/** A hypernetwork with its strength. */
export function createHypernetwork(network: Hypernetwork, strength: number, id: number): InsidePatch {
  const name = `hypernetwork_${id}`
  return { unet: hypernetwork(name, network), rows: { [name]: [strength] } }
}
