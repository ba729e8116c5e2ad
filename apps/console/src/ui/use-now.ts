import { useEffect, useState } from 'preact/hooks'

/** How often "5 min ago" is looked at again, milliseconds. */
const EVERY_MS = 15_000

/** The time, milliseconds since 1970 UTC, now and then anew. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  // A job may be younger than the last look.
  return Math.max(now, Date.now())
}
