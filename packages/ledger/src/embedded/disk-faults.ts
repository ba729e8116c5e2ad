import { AtelierError } from '../errors.ts'

/** What systems and SQLite say when there is no room. */
const NO_ROOM = /^(ENOSPC|EDQUOT|SQLITE_FULL)/
/** What they say of a disk, a folder or a process that cannot do it now, and perhaps later. */
const NOT_NOW =
  /^(EIO|EROFS|EACCES|EPERM|EMFILE|ENFILE|ENOTDIR|EISDIR|EEXIST|ENOENT|SQLITE_(IOERR|READONLY|CANTOPEN|BUSY|LOCKED))/

/**
 * A refusal of the disk in the words of the ledger: `queue-full` for want of room, `unavailable` for what may pass.
 * Whoever holds results waits then, as for a broker. Anything else is given back as it is.
 */
export function toDiskFault(fault: unknown): unknown {
  const code = fault instanceof Error && 'code' in fault ? String(fault.code) : ''
  const options = { cause: fault }
  if (NO_ROOM.test(code))
    return new AtelierError('queue-full', 'the disk of the data folder is full', options)
  if (NOT_NOW.test(code))
    return new AtelierError('unavailable', `the data folder cannot be used: ${code}`, options)
  return fault
}

/** The same functions, whose promises fail with what the ledger knows instead of what the disk said. */
export function tellDiskFaults<T extends object>(store: T): T {
  const told = Object.entries(store).map(([name, method]) => [
    name,
    async (...values: unknown[]): Promise<unknown> => {
      try {
        return await (method as (...values: unknown[]) => unknown)(...values)
      } catch (fault) {
        throw toDiskFault(fault)
      }
    },
  ])
  return Object.fromEntries(told) as T
}
