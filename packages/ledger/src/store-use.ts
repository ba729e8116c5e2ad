/** How full one of the places is where jobs and pictures are kept. */
export interface StoreUse {
  /** What it is, for messages and metrics. */
  readonly name: string
  readonly usedBytes: number
  /** What it holds at most. */
  readonly limitBytes: number
  /** From here on no more jobs should be taken: what runs must still find room for what it makes. */
  readonly fullAtBytes: number
}

/** Share of a bounded store that may be used before jobs are turned away. */
const FULL_SHARE = 0.9

/** The use of a store that holds so many bytes. */
export function toStoreUse(name: string, usedBytes: number, limitBytes: number): StoreUse {
  return { name, usedBytes, limitBytes, fullAtBytes: limitBytes * FULL_SHARE }
}

/** Why no more jobs should be taken, in a sentence; undefined when every place has room. */
export function findShortage(uses: readonly StoreUse[]): string | undefined {
  const full = uses.find(({ usedBytes, fullAtBytes }) => usedBytes >= fullAtBytes)
  if (full === undefined) return undefined
  const { name, usedBytes, limitBytes } = full
  return `there is no room for more jobs: ${name} holds ${toText(usedBytes)} of ${toText(limitBytes)}`
}

function toText(bytes: number): string {
  const megabytes = bytes / 1024 ** 2
  return megabytes < 1024 ? `${megabytes.toFixed(1)} MB` : `${(megabytes / 1024).toFixed(1)} GB`
}
