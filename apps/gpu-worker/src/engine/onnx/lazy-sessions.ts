import { inSpan } from '@atelier/telemetry'
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

/**
 * Sessions of one network with further inputs, one for each set of their names, made at first use; with `wraps` those
 * whose convolutions go on at the opposite edge.
 */
export function prepareVariants(
  build: (inputs: readonly string[]) => Graph,
  sessions: LazySessions,
): (inputs?: readonly string[], wraps?: boolean) => Promise<Session> {
  const variants = new Map<string, () => Promise<Session>>()
  return (inputs = [], wraps = false) => {
    const key = `${wraps} ${inputs.join()}`
    let variant = variants.get(key)
    if (variant === undefined) {
      variant = sessions.prepare(() => (wraps ? wrapEdges(build(inputs)) : build(inputs)))
      variants.set(key, variant)
    }
    return variant()
  }
}
