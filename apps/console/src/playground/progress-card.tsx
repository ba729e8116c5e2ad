import type { JobSummary } from '@atelier/catalog/atelier-api'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { useConsole } from '../state/console.ts'
import { createNewest } from '../state/newest.ts'
import { Button } from '../ui/button.tsx'
import { formatSpan } from '../ui/format.ts'
import { toFrame } from './to-frame.ts'

/** A job of this page on its way: preview, how far, how long still, and what can be done about it. */
export function ProgressCard({ job }: { readonly job: JobSummary }) {
  const { jobs } = useConsole()
  const preview = usePreview(job)
  const isWaiting = job.state === 'queued'
  return (
    <div class="progress-card">
      <div class="preview" style={toFrame(job)}>
        {preview === undefined ? (
          <span class="muted">{isWaiting ? 'Waits for its turn' : 'Begins…'}</span>
        ) : (
          <img src={preview} alt="Preview of the picture that is being made" />
        )}
      </div>
      <ProgressLine job={job} />
      <div class="actions">
        <Button
          kind="danger"
          icon="stop"
          onClick={() => void jobs.cancel(job.id).catch(() => undefined)}
          isDisabled={job.state === 'cancelling'}
          title="Escape"
        >
          {isWaiting ? 'Cancel' : 'Interrupt'}
        </Button>
        {!isWaiting && (job.progress?.pass_count ?? 0) > 1 && (
          <Button icon="skip" onClick={() => void jobs.skip(job.id).catch(() => undefined)} title="Alt+Enter">
            Skip to the next
          </Button>
        )}
      </div>
    </div>
  )
}

/** A bar and the words for it. */
export function ProgressLine({ job }: { readonly job: JobSummary }) {
  const share = job.progress?.share ?? 0
  const text = describeProgress(job)
  return (
    <div class="progress-line">
      <progress
        max={1}
        value={job.state === 'queued' ? 0 : share}
        aria-label={`Progress of ${job.prompt || 'the job'}`}
      />
      <span>{text}</span>
    </div>
  )
}

/** Where a job stands, in words. */
export function describeProgress({ state, progress }: JobSummary): string {
  if (state === 'queued') return 'In the queue'
  if (state === 'cancelling') return 'Stopping…'
  if (progress === null || progress.total_steps === 0) return 'Begins…'
  const { step, total_steps: total, pass, pass_count: passes, seconds_left: left } = progress
  const parts = [`Step ${step} of ${total}`]
  if (passes > 1) parts.unshift(`Pass ${pass + 1} of ${passes}`)
  if (left !== null) parts.push(left < 0.5 ? 'nearly done' : `about ${formatSpan(left)} left`)
  return parts.join(' · ')
}

/** Address of the newest preview of a job; undefined: none yet. Previews are allowed to be lost. */
function usePreview({ id, progress }: JobSummary): string | undefined {
  const { client } = useConsole()
  const [shown, setShown] = useState<{ readonly jobId: string; readonly address: string }>()
  const number = progress?.preview ?? 0
  const newest = useMemo(
    () =>
      createNewest(
        () => client.getBlob(`atelier/v1/jobs/${id}/preview`),
        (blob) => setShown({ jobId: id, address: URL.createObjectURL(blob) }),
      ),
    [id],
  )
  useEffect(() => () => newest.stop(), [newest])
  useEffect(() => {
    if (number > 0) newest.ask()
  }, [newest, number])
  const address = shown?.address
  useEffect(() => () => void (address !== undefined && URL.revokeObjectURL(address)), [address])
  return shown?.jobId === id ? shown.address : undefined
}
