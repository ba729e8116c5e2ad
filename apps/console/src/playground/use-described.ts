import type { JobImage } from '@atelier/catalog/atelier-api'
import { useEffect, useState } from 'preact/hooks'
import { useConsole } from '../state/console.ts'
import type { Selection } from '../state/playground.ts'

/** What the server tells of a picture; undefined until it is here, or when it is gone. */
export function useDescribed({ jobId, index }: Selection): JobImage | undefined {
  const { pictures } = useConsole()
  const [told, setTold] = useState<{ readonly jobId: string; readonly images: readonly JobImage[] }>()
  useEffect(() => {
    const state = { isHere: true }
    pictures
      .describe(jobId)
      .then((images) => state.isHere && setTold({ jobId, images }))
      .catch(() => state.isHere && setTold({ jobId, images: [] }))
    return () => void (state.isHere = false)
  }, [jobId])
  return told?.jobId === jobId ? told.images[index] : undefined
}
