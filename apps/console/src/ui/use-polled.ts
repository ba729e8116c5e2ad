import { useEffect, useState } from 'preact/hooks'
import { messageOf } from '../api/fault.ts'
import { useConsole } from '../state/console.ts'

/** What was asked for, as far as it is here. */
export interface Polled<Body> {
  readonly body: Body | undefined
  /** Why the last asking failed; empty: it did not. */
  readonly fault: string
}

/** Asks for something again and again while the page is looked at. `everyMs` are milliseconds. */
export function usePolled<Body>(path: string, everyMs: number): Polled<Body> {
  const { client } = useConsole()
  const [polled, setPolled] = useState<Polled<Body>>({ body: undefined, fault: '' })
  useEffect(() => {
    const state = { isHere: true }
    const ask = (): void => {
      if (document.visibilityState === 'hidden') return
      client
        .getJson<Body>(path)
        .then((body) => state.isHere && setPolled({ body, fault: '' }))
        .catch(
          (error: unknown) => state.isHere && setPolled(({ body }) => ({ body, fault: messageOf(error) })),
        )
    }
    ask()
    const timer = setInterval(ask, everyMs)
    return () => {
      state.isHere = false
      clearInterval(timer)
    }
  }, [path, everyMs])
  return polled
}
