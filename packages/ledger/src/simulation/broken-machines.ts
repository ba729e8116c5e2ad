import { JobState } from '@atelier/proto'
import * as machine from '../job-state.ts'
import type { Machine } from './simulate-record.ts'

/** Copies of the state machine with one fault each: a simulation that does not catch them proves nothing. */
export const BROKEN_MACHINES: Readonly<Record<string, Machine>> = {
  'a stale worker may finish': {
    ...machine,
    finishRecord: (record, _epoch, outcome, now) => machine.finishRecord(record, record.epoch, outcome, now),
  },
  'a claim keeps the epoch': {
    ...machine,
    claimRecord: (...args) => {
      const next = machine.claimRecord(...args)
      return next && { ...next, epoch: next.epoch - 1 }
    },
  },
  'a running job can be claimed': {
    ...machine,
    claimRecord: (record, ...rest) =>
      machine.claimRecord({ ...record, state: JobState.JOB_STATE_QUEUED }, ...rest),
  },
  'a hand-back counts as an attempt': {
    ...machine,
    handBackRecord: (...args) => {
      const next = machine.handBackRecord(...args)
      return next && { ...next, attempt: next.attempt + 1 }
    },
  },
  'poison jobs are never parked': {
    ...machine,
    abandonRecord: (record, epoch, now) => {
      const next = machine.abandonRecord({ ...record, attempt: 0 }, epoch, now)
      return next && { ...next, attempt: record.attempt }
    },
  },
  'an ended job can be cancelled': {
    ...machine,
    cancelRecord: (record) => ({
      ...record,
      state: JobState.JOB_STATE_CANCELLED,
      revision: record.revision + 1,
    }),
  },
  'a lease never runs out': { ...machine, recoverRecord: () => undefined },
  'a returned job keeps its holder': {
    ...machine,
    handBackRecord: (record, ...rest) => {
      const next = machine.handBackRecord(record, ...rest)
      return next && { ...next, workerId: record.workerId }
    },
  },
}
