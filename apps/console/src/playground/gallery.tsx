import type { JobSummary } from '@atelier/catalog/atelier-api'
import { useRef } from 'preact/hooks'
import { useConsole } from '../state/console.ts'
import type { Selection } from '../state/playground.ts'
import { Picture } from '../ui/picture.tsx'

/** Thumbnails shown at most; the queue's page shows all there are. */
const MAX_SHOWN = 60
/** Longest side of thumbnails, pixels: twice what they are shown at, for dense screens. */
const THUMBNAIL = 240

/** The newest pictures; arrow keys go from one to the next. */
export function Gallery() {
  const { jobs, playground } = useConsole()
  const list = useRef<HTMLUListElement>(null)
  const entries = listPictures(jobs.ended.value)
  if (entries.length === 0) return null
  const chosen = playground.selection.value ?? entries[0]
  const at = entries.findIndex((entry) => entry.jobId === chosen?.jobId && entry.index === chosen.index)
  const choose = ({ jobId, index }: Selection): void => {
    playground.selection.value = { jobId, index }
    playground.notice.value = ''
  }
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    const next = step === undefined ? undefined : entries[at + step]
    if (next === undefined) return
    event.preventDefault()
    choose(next)
    list.current?.querySelectorAll('button')[at + (step ?? 0)]?.focus()
  }
  return (
    <section class="gallery" aria-label="Newest pictures">
      <ul ref={list} onKeyDown={move}>
        {entries.map((entry, place) => (
          <li key={`${entry.jobId}/${entry.index}`}>
            <button
              type="button"
              aria-label={`Show: ${entry.prompt || 'picture'}`}
              aria-current={place === at}
              // One stop for the tabulator, arrows from there.
              tabIndex={place === Math.max(at, 0) ? 0 : -1}
              onClick={() => choose(entry)}
            >
              <Picture jobId={entry.jobId} index={entry.index} size={THUMBNAIL} alt="" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

interface Entry extends Selection {
  readonly prompt: string
}

function listPictures(ended: readonly JobSummary[]): Entry[] {
  return ended
    .filter(({ surface }) => surface === 'sdapi')
    .flatMap(({ id, image_count: count, prompt }) =>
      Array.from({ length: count }, (_, index) => ({ jobId: id, index, prompt })),
    )
    .slice(0, MAX_SHOWN)
}
