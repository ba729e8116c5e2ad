import { useEffect, useState } from 'preact/hooks'
import { useConsole } from '../state/console.ts'

/** A picture a job made. */
export interface PictureProps {
  readonly jobId: string
  readonly index: number
  /** Longest side of the smaller copy that is shown, pixels; absent: the file itself. */
  readonly size?: number
  readonly alt: string
}

/** Shows a picture once it is here; a grey place before, a word where it is gone. */
export function Picture({ jobId, index, size, alt }: PictureProps) {
  const { pictures } = useConsole()
  const [shown, setShown] = useState<{ readonly key: string; readonly address: string | undefined }>()
  const key = `${jobId}/${index}/${size ?? ''}`
  useEffect(() => {
    const state = { isHere: true }
    pictures
      .address(jobId, index, size)
      .then((address) => state.isHere && setShown({ key, address }))
      .catch(() => state.isHere && setShown({ key, address: undefined }))
    return () => void (state.isHere = false)
  }, [key])
  if (shown?.key !== key) {
    // Where the words stand beside it, there is nothing to say.
    return alt === '' ? (
      <span class="picture-place" />
    ) : (
      <span class="picture-place" role="img" aria-label={alt} />
    )
  }
  if (shown.address === undefined) return <span class="picture-place">gone</span>
  return <img src={shown.address} alt={alt} draggable={false} />
}
