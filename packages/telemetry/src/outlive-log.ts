import type { EventEmitter } from 'node:events'

/** A log as far as it concerns us: pino's own streams write what is left when the process exits. */
type Log = EventEmitter & { flushSync?: () => void }

/**
 * Lets a program go on when its log cannot be written, because the disk it goes to is full or its reader has gone: jobs
 * are worth more than lines. Lines are written again as soon as that works.
 */
export function outliveLog<T extends Log>(log: T): T {
  return log.on('error', () => {
    // At the exit it would try for ever.
    if (log.flushSync !== undefined) log.flushSync = () => undefined
  })
}
