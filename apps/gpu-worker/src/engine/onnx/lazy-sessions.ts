import { inSpan } from '@atelier/telemetry'
import { fitLast } from './fit-last.ts'
import type { Graph } from './graph-builder.ts'
import { createSession, type Session, type SessionOptions } from './session.ts'
import { wrapEdges } from './wrap-edges.ts'

/** Sessions made at their first use, once. */
export class LazySessions {
  readonly #options: SessionOptions
  readonly #made: Promise<Session>[] = []

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** A function that gives the session, making it at the first call; what failed is made again at the next. */
  prepare(build: () => Graph): () => Promise<Session> {
    let session: Promise<Session> | undefined
    return () => {
      if (session === undefined) {
        session = this.#load(build)
        this.#made.push(session)
        // There may be room by then.
        session.catch(() => (session = undefined))
      }
      return session
    }
  }

  #load(build: () => Graph): Promise<Session> {
    const startedAt = performance.now()
    return inSpan('load network', {}, async () => {
      const session = await createSession(build(), this.#options)
      this.#options.onLoaded?.((performance.now() - startedAt) / 1000)
      return session
    })
  }

  /** Frees every session that was made. */
  async release(): Promise<void> {
    const made = await Promise.allSettled(this.#made.splice(0))
    for (const result of made) if (result.status === 'fulfilled') await result.value.release()
  }
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
}

/** Sessions of one network with further inputs, one for each set of their names and variant, made at first use. */
export function prepareVariants<T extends GraphChange = GraphChange>(
  build: (inputs: readonly string[], changes: readonly T[]) => Graph,
  sessions: LazySessions,
): (inputs: readonly string[], variant: GraphVariant<T>) => Promise<Session> {
  const variants = new Map<string, () => Promise<Session>>()
  return (inputs, { wraps = false, fitsLast = false, changes = [] }) => {
    const key = [wraps, fitsLast, inputs.join(), ...changes.map((change) => change.key)].join(' ')
    let session = variants.get(key)
    if (session === undefined) {
      session = sessions.prepare(() => {
        const written = build(inputs, changes)
        const graph = fitsLast ? fitLast(written) : written
        return wraps ? wrapEdges(graph) : graph
      })
      variants.set(key, session)
    }
    return session()
  }
}
