/**
 * Hears how long a device was busy with a call, seconds, measured where the call is made: what else its host does counts
 * for nothing. A call that is made as several is heard of as often.
 */
export type BusyListener = (seconds: number) => void
