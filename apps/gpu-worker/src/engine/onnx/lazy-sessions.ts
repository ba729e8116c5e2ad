import { inSpan } from '@atelier/telemetry'
import { fitLast } from './fit-last.ts'
import type { Graph } from './graph-builder.ts'
import { createSession, type SessionOptions } from './session.ts'
import type { Session } from './network-session.ts'
import { wrapEdges } from './wrap-edges.ts'

/** A session that was made or is being made. */
interface Made {
  readonly session: Promise<Session>
  /** When it was last asked for, ms of `performance.now`. */
  usedAt: number
  /** Calls of it now; its making counts as one. */
  running: number
  /** Bytes of weights that not every session of the network has. */
  readonly furtherBytes: number
}

/** Sessions made at their first use, once, until all are let go. */
export class LazySessions {
  readonly #options: SessionOptions
  readonly #made = new Set<Made>()
  #isReleased = false
  readonly #onMaking: () => Promise<void>

  /** `onMaking` is waited for before a session is made, which is counted by then. */
  constructor(options: SessionOptions, onMaking: () => Promise<void> = async () => undefined) {
    this.#options = options
    this.#onMaking = onMaking
  }

  /** How many there are. */
  get count(): number {
    return this.#made.size
  }

  /** Bytes of the weights that some of them have beside the network's. */
  get furtherBytes(): number {
    return [...this.#made].reduce((sum, made) => sum + made.furtherBytes, 0)
  }

  /** A function that gives the session, making it at the first call; what failed or was trimmed is made again at the next. */
  prepare(build: () => Graph, furtherBytes = 0): () => Promise<Session> {
    let made: Made | undefined
    const give = (): Promise<Session> => {
      if (made === undefined || !this.#made.has(made)) made = this.#make(build, furtherBytes, give)
      made.usedAt = performance.now()
      return made.session
    }
    return give
  }

  #make(build: () => Graph, furtherBytes: number, again: () => Promise<Session>): Made {
    const made: Made = {
      // Not before it is counted.
      session: Promise.resolve()
        .then(() => this.#load(build))
        .then((session) => this.#watch(session, made, again)),
      ...{ usedAt: 0, running: 1, furtherBytes },
    }
    this.#made.add(made)
    // There may be room by then.
    made.session.catch(() => this.#made.delete(made))
    return made
  }

  async #load(build: () => Graph): Promise<Session> {
    await this.#onMaking()
    // Nobody would let it go.
    if (this.#isReleased) throw new Error('the network was let go before it was called')
    const startedAt = performance.now()
    const session = await inSpan('load network', {}, () => createSession(build(), this.#options))
    this.#options.onLoaded?.((performance.now() - startedAt) / 1000)
    return session
  }

  /** A session that was made, its calls counted; one that was trimmed after it was given is made again. */
  #watch(session: Session, made: Made, again: () => Promise<Session>): Session {
    made.running = 0
    return {
      run: async (...args) => {
        if (!this.#made.has(made)) return (await again()).run(...args)
        made.running += 1
        try {
          return await session.run(...args)
        } finally {
          made.running -= 1
        }
      },
      release: () => session.release(),
    }
  }

  /** Frees a session that was last asked for before a time, ms of `performance.now`; false when there is none. */
  async trim(before: number): Promise<boolean> {
    const spare = [...this.#made].find(({ running, usedAt }) => running === 0 && usedAt < before)
    if (spare === undefined) return false
    this.#made.delete(spare)
    await free(spare)
    return true
  }

  /** Frees every session that was made; none is made afterwards. */
  async release(): Promise<void> {
    this.#isReleased = true
    const made = [...this.#made]
    this.#made.clear()
    for (const one of made) await free(one)
  }
}

async function free({ session }: Made): Promise<void> {
  const [result] = await Promise.allSettled([session])
  if (result.status === 'fulfilled') await result.value.release()
}

/** A change of a network's graph; two of one key are written the same. */
export interface GraphChange {
  readonly key: string
}

/** What changes a network's graph without changing its weights. */
export interface GraphVariant<T extends GraphChange = GraphChange> {
  /** Convolutions go on at the opposite edge, so that the picture tiles. */
  readonly wraps?: boolean
  /** Sizes that cannot be halved all the way down are treated as A1111 treats them. */
  readonly fitsLast?: boolean
  /** What the network is written with, in its order. */
  readonly changes?: readonly T[] | undefined
  /** What is put to the graph when it is written; what is said above is not said of that. */
  readonly completion?: {
    readonly key: string
    readonly complete: (graph: Graph) => Graph
    /** Bytes that further weights take as f32. */
    readonly costBytes: number
  }
}

/** Sessions of one network with further inputs, one for each set of their names and variant, made at first use. */
export function prepareVariants<T extends GraphChange = GraphChange>(
  build: (inputs: readonly string[], changes: readonly T[]) => Graph,
  sessions: LazySessions,
): (inputs: readonly string[], variant: GraphVariant<T>) => Promise<Session> {
  const variants = new Map<string, () => Promise<Session>>()
  return (inputs, { wraps = false, fitsLast = false, changes = [], completion }) => {
    const own = [...changes.map((change) => change.key), completion?.key ?? '']
    const key = [wraps, fitsLast, inputs.join(), ...own].join(' ')
    let session = variants.get(key)
    if (session === undefined) {
      session = sessions.prepare(() => {
        const written = build(inputs, changes)
        const fitted = fitsLast ? fitLast(written) : written
        const graph = wraps ? wrapEdges(fitted) : fitted
        return completion?.complete(graph) ?? graph
      }, completion?.costBytes)
      variants.set(key, session)
    }
    return session()
  }
}
