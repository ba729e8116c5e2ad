export { BROKEN_MACHINES } from './broken-machines.ts'
export { simulateRecord } from './simulate-record.ts'
export type { Machine } from './simulate-record.ts'
