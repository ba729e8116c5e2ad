import { randomUUID } from 'node:crypto'
import { Job, Surface } from '@atelier/proto'
import type { LedgerStore } from '../ledger-store.ts'

/** A store under test: how to reach it a second time, as another process would, and how to move its clock. */
export interface ContractSubject {
  readonly store: LedgerStore
  /** Another handle on the same data. */
  openSecond(): Promise<LedgerStore>
  /** Moves the clock that leases and directory entries are judged by. */
  advanceClock(milliseconds: number): void
  dispose(): Promise<void>
}

/** A WebUI job of tenant "a" that no other is equal to. */
export function createContractJob(more: Partial<Job> = {}): Job {
  const id = randomUUID()
  const surface = Surface.SURFACE_SDAPI
  return Job.fromPartial({ ...{ id, tenant: 'a', surface, publicId: id, requestDigest: id }, ...more })
}
