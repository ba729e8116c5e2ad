/** Text kept in the browser; a browser that keeps nothing is no fault. */
export interface TextStore {
  read(name: string): string | undefined
  /** Undefined removes. */
  write(name: string, text: string | undefined): void
}

/** Prefix of what this page keeps: other pages of the same address keep things too. */
const PREFIX = 'atelier.'

/** A store over one of the browser's two. */
export function createTextStore(kept: () => Storage): TextStore {
  return {
    read(name) {
      try {
        return kept().getItem(PREFIX + name) ?? undefined
      } catch {
        return undefined
      }
    },
    write(name, text) {
      try {
        if (text === undefined) kept().removeItem(PREFIX + name)
        else kept().setItem(PREFIX + name, text)
      } catch {
        // Full, or not allowed: it is forgotten when the page is left.
      }
    },
  }
}

/** Reads JSON that the page kept; undefined when there is none, or none of ours. */
export function readKept(store: TextStore, name: string): unknown {
  try {
    return JSON.parse(store.read(name) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}
