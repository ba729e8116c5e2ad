import type { JobSummary } from '@atelier/catalog/atelier-api'
import { useState } from 'preact/hooks'
import { useConsole } from '../state/console.ts'
import { ProgressLine } from '../playground/progress-card.tsx'
import { Button } from '../ui/button.tsx'
import { formatAgo } from '../ui/format.ts'
import { useNow } from '../ui/use-now.ts'
import { HistoryList } from './history-list.tsx'
import { KIND_NAMES, SURFACE_NAMES } from './words.ts'

/** What runs and waits, and what has become of the rest. */
export function QueuePage() {
  const { jobs } = useConsole()
  const open = jobs.open.value
  const waiting = open.filter(({ state }) => state === 'queued')
  return (
    <div class="narrow">
      <header class="page-head">
        <h1>Queue</h1>
        <span class="muted">
          {open.length - waiting.length} running · {waiting.length} waiting
        </span>
        {waiting.length > 1 && <CancelWaiting waiting={waiting} />}
      </header>
      {open.length === 0 ? (
        <p class="empty">Nothing runs, nothing waits.</p>
      ) : (
        <ul class="jobs panel" aria-label="Open jobs">
          {open.map((job) => (
            <OpenJob key={job.id} job={job} />
          ))}
        </ul>
      )}
      <HistoryList />
    </div>
  )
}

function CancelWaiting({ waiting }: { readonly waiting: readonly JobSummary[] }) {
  const { jobs } = useConsole()
  const [isSure, setSure] = useState(false)
  const cancelAll = async (): Promise<void> => {
    setSure(false)
    for (const { id } of waiting) await jobs.cancel(id).catch(() => undefined)
  }
  if (!isSure) return <Button onClick={() => setSure(true)}>Cancel all that wait</Button>
  return (
    <span class="sure">
      <Button kind="danger" onClick={() => void cancelAll()}>
        Cancel {waiting.length} jobs
      </Button>
      <Button kind="quiet" onClick={() => setSure(false)}>
        Keep them
      </Button>
    </span>
  )
}

function OpenJob({ job }: { readonly job: JobSummary }) {
  const { jobs } = useConsole()
  const now = useNow()
  const [fault, setFault] = useState('')
  const cancel = () => void jobs.cancel(job.id).catch((error: Error) => setFault(error.message))
  const facts = [
    KIND_NAMES[job.kind],
    SURFACE_NAMES[job.surface],
    job.checkpoint,
    job.worker && `on ${job.worker}`,
    job.attempt > 1 && `attempt ${job.attempt}`,
    `sent ${formatAgo(job.submitted_at_ms, now)}`,
  ]
  return (
    <li class="job" data-state={job.state}>
      <div class="job-words">
        <span class="job-title">{job.prompt || KIND_NAMES[job.kind]}</span>
        <span class="muted">{facts.filter(Boolean).join(' · ')}</span>
        {fault !== '' && (
          <span class="fault" role="alert">
            {fault}
          </span>
        )}
      </div>
      <ProgressLine job={job} />
      <Button
        kind="quiet"
        icon="close"
        label={`${job.state === 'queued' ? 'Cancel' : 'Interrupt'}: ${job.prompt || KIND_NAMES[job.kind]}`}
        isDisabled={job.state === 'cancelling'}
        onClick={cancel}
      />
    </li>
  )
}
