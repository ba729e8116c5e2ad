export { AtelierError, ERROR_CODES, isAtelierError } from './errors.ts'
export type { ErrorCode } from './errors.ts'
export type {
  CancelOutcome,
  ClaimRequest,
  DocumentStore,
  FileIndex,
  JobLedger,
  JobOutcome,
  JobQuery,
  Lease,
  LeaseState,
  Submission,
  SubmitRules,
} from './job-ledger.ts'
export { toInputKey, toRequestKey, toResultKey } from './blob-store.ts'
export type { BlobStore } from './blob-store.ts'
export { AFFINITY_WINDOW_MS } from './choose-candidate.ts'
export { WORKER_ENTRY_TTL_MS, WORKER_HEARTBEAT_MS } from './worker-directory.ts'
export type { WorkerDirectory } from './worker-directory.ts'
export type { LedgerStore } from './ledger-store.ts'
export { createLocalNoticeBoard } from './notice-board.ts'
export type { NoticeBoard } from './notice-board.ts'
export { probeLedger } from './probe-ledger.ts'
export { findShortage } from './store-use.ts'
export type { StoreUse } from './store-use.ts'
export { toStateName } from './state-name.ts'
export { logLedgerEvent } from './log-ledger-event.ts'
export { LEDGER_EVENT_KINDS } from './ledger-events.ts'
export type { LedgerEvent, LedgerEventKind, LedgerEventListener } from './ledger-events.ts'
