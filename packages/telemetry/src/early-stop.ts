/** What asks a program to end. */
export const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const

const endAtOnce = (): void => process.exit(0)

/**
 * Ends the process on SIGTERM and SIGINT from now on, until `hearStop`: there is nothing to close yet. The first process of a
 * container does not even hear a signal it does not handle, so a program says this before it reads the rest of its sources.
 */
export function endOnStop(): void {
  for (const signal of STOP_SIGNALS)
    if (!process.listeners(signal).includes(endAtOnce)) process.once(signal, endAtOnce)
}

/** From now on a program stops in its own way; a signal that is under way is not lost. */
export function hearStop(stop: (signal: NodeJS.Signals) => void): void {
  // In this order: with its last listener Node gives a signal up, and one that has come but was not told yet with it.
  for (const signal of STOP_SIGNALS) process.once(signal, stop).off(signal, endAtOnce)
}
