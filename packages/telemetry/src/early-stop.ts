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

/** From now on a program stops in its own way. */
export function hearStop(stop: (signal: NodeJS.Signals) => void): void {
  for (const signal of STOP_SIGNALS) process.off(signal, endAtOnce).once(signal, stop)
}
