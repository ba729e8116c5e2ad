/** Something loaded, what it costs, and how to let it go. */
export interface Loaded<T> {
  readonly value: T
  /** Bytes its weights take as f32 once every network is loaded; more when it has to load one several times. */
  readonly costBytes: number
  /** Frees a part that was not used since a time (ms of `performance.now`) and can be loaded again; false: there is none. */
  trim?(before: number): Promise<boolean>
  /** Frees every session that was made. */
  release(): Promise<void>
}

/** Something loaded, used through another value. */
export function withValue<T, U>(loaded: Loaded<T>, value: U): Loaded<U> {
  return {
    value,
    get costBytes() {
      return loaded.costBytes
    },
    trim: async (before) => (await loaded.trim?.(before)) === true,
    release: () => loaded.release(),
  }
}
