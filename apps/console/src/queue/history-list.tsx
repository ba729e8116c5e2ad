import type { JobSummary } from '@atelier/catalog/atelier-api'
import { useConsole } from '../state/console.ts'
import { Button } from '../ui/button.tsx'
import { formatAgo, formatSpan } from '../ui/format.ts'
import { Picture } from '../ui/picture.tsx'
import { useNow } from '../ui/use-now.ts'
import { KIND_NAMES, STATE_NAMES, SURFACE_NAMES } from './words.ts'

/** Longest side of thumbnails, pixels. */
const THUMBNAIL = 160
/** Pictures of one job that are shown in its row. */
const MAX_SHOWN = 4

/** Jobs that have ended, the last one first. */
export function HistoryList() {
  const { jobs } = useConsole()
  const ended = jobs.ended.value
  return (
    <section aria-label="History">
      <header class="page-head">
        <h2>History</h2>
      </header>
      {ended.length === 0 ? (
        <p class="empty">Nothing has ended yet.</p>
      ) : (
        <ul class="jobs panel">
          {ended.map((job) => (
            <EndedJob key={job.id} job={job} />
          ))}
        </ul>
      )}
      {jobs.hasMore.value && (
        <div class="more">
          <Button onClick={() => void jobs.loadMore()}>Show more</Button>
        </div>
      )}
    </section>
  )
}

function EndedJob({ job }: { readonly job: JobSummary }) {
  const { jobs, playground, router } = useConsole()
  const now = useNow()
  const title = job.prompt || KIND_NAMES[job.kind]
  const show = (index: number): void => {
    playground.selection.value = { jobId: job.id, index }
    router.go('playground')
  }
  return (
    <li class="job ended" data-state={job.state}>
      <div class="job-pictures">
        {Array.from({ length: Math.min(job.image_count, MAX_SHOWN) }, (_, index) => (
          <button
            type="button"
            key={index}
            onClick={() => show(index)}
            aria-label={`Show picture ${index + 1}: ${title}`}
          >
            <Picture jobId={job.id} index={index} size={THUMBNAIL} alt="" />
          </button>
        ))}
        {job.image_count > MAX_SHOWN && <span class="muted">+{job.image_count - MAX_SHOWN}</span>}
      </div>
      <div class="job-words">
        <span class="job-title">{title}</span>
        <span class="muted">{listFacts(job, now).join(' · ')}</span>
        {job.error !== null && <span class="fault">{job.error.message}</span>}
        {job.remarks.map((remark) => (
          <span class="remark" key={remark}>
            {remark}
          </span>
        ))}
      </div>
      <span class={`badge ${job.state}`}>{STATE_NAMES[job.state]}</span>
      <Button
        kind="quiet"
        icon="trash"
        label={`Remove from the history: ${title}`}
        onClick={() => void jobs.forget([job.id]).catch(() => undefined)}
      />
    </li>
  )
}

function listFacts(job: JobSummary, now: number): string[] {
  const { started_at_ms: started, ended_at_ms: ended } = job
  const facts = [
    KIND_NAMES[job.kind],
    SURFACE_NAMES[job.surface],
    job.width > 0 && `${job.width}×${job.height}`,
    job.steps > 0 && `${job.steps} steps`,
    job.checkpoint,
    started !== null && ended !== null && `took ${formatSpan((ended - started) / 1_000)}`,
    ended !== null && formatAgo(ended, now),
  ]
  return facts.filter((fact) => typeof fact === 'string')
}
