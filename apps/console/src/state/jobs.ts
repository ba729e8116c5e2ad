import type { JobList, JobSummary } from '@atelier/catalog/atelier-api'
import { batch, signal, type ReadonlySignal } from '@preact/signals'
import type { Client } from '../api/client.ts'
import { readEvents, type JobsEvent } from '../api/read-events.ts'
import { foldEvent, isOpen } from './fold-events.ts'

/** Ended jobs asked for at first, and more at each asking. */
const PAGE = 48
/** Most that the server lists. */
const MOST = 500
/** Pause before a connection that broke is opened again, milliseconds; doubled up to the limit. */
const RETRY_MS = { first: 500, limit: 10_000 }
/**
 * A page nobody looks at hangs up after this, milliseconds: browsers keep few connections to one server, and a dozen
 * forgotten tabs would take all of them.
 */
const HIDDEN_MS = 30_000

/** How the page hears of jobs. */
export type Connection = 'connecting' | 'live' | 'lost'

/** The caller's jobs, kept up to date while connected. */
export interface JobsStore {
  readonly open: ReadonlySignal<readonly JobSummary[]>
  readonly ended: ReadonlySignal<readonly JobSummary[]>
  /** Whether the server may have more that ended. */
  readonly hasMore: ReadonlySignal<boolean>
  readonly connection: ReadonlySignal<Connection>
  /** Called for each job that ends while the page listens. */
  onEnd: (job: JobSummary) => void
  loadMore(): Promise<void>
  cancel(id: string): Promise<void>
  skip(id: string): Promise<void>
  forget(ids: readonly string[]): Promise<void>
  /** Begins to listen; returns what ends it. */
  connect(): () => void
}

/** Makes the store of jobs. */
export function createJobsStore(client: Client): JobsStore {
  const open = signal<readonly JobSummary[]>([])
  const { ended, hasMore, read, loadMore } = createEndedJobs(client)
  const connection = signal<Connection>('connecting')

  const take = (event: JobsEvent): void => {
    const before = idsOf(ended.value)
    const known = foldEvent({ open: open.value, ended: ended.value }, event)
    batch(() => {
      open.value = known.open
      ended.value = known.ended
      connection.value = 'live'
    })
    if (event.name === 'job' && !isOpen(event.data) && !before.has(event.data.id)) store.onEnd(event.data)
  }
  let hasListened = false
  const listen = async (signal: AbortSignal): Promise<void> => {
    const body = await client.open('atelier/v1/events', signal)
    const before = idsOf(ended.value)
    await read()
    // What ended while nobody listened is told now, the last one last.
    const missed = hasListened ? ended.value.filter(({ id }) => !before.has(id)) : []
    for (const job of missed.toReversed()) store.onEnd(job)
    hasListened = true
    await readEvents(body, take)
  }
  const store: JobsStore = {
    ...{ open, ended, hasMore, connection, loadMore },
    onEnd: () => undefined,
    async cancel(id) {
      await client.send('DELETE', `atelier/v1/jobs/${id}`)
    },
    async skip(id) {
      await client.send('POST', `atelier/v1/jobs/${id}/skip`)
    },
    async forget(ids) {
      await client.send('POST', 'atelier/v1/jobs/forget', { ids })
      ended.value = ended.value.filter(({ id }) => !ids.includes(id))
    },
    connect() {
      const stop = new AbortController()
      void keepListening(listen, stop.signal, (now) => (connection.value = now))
      return () => stop.abort()
    },
  }
  return store
}

/** The newest jobs that have ended, as many as were asked for. */
function createEndedJobs(client: Client) {
  const ended = signal<readonly JobSummary[]>([])
  const hasMore = signal(false)
  let limit = PAGE
  const read = async (): Promise<void> => {
    const { jobs } = await client.getJson<JobList>(`atelier/v1/jobs?state=ended&limit=${limit}`)
    batch(() => {
      ended.value = jobs
      hasMore.value = jobs.length === limit && limit < MOST
    })
  }
  const loadMore = (): Promise<void> => {
    limit = Math.min(limit + PAGE, MOST)
    return read()
  }
  return { ended, hasMore, read, loadMore }
}

const idsOf = (jobs: readonly JobSummary[]): ReadonlySet<string> => new Set(jobs.map(({ id }) => id))

/** Listens again whenever it ends, until the signal aborts; not while nobody looks at the page. */
async function keepListening(
  listen: (signal: AbortSignal) => Promise<void>,
  stop: AbortSignal,
  onChange: (connection: Connection) => void,
): Promise<void> {
  let pauseMs = RETRY_MS.first
  while (!stop.aborted) {
    const over = new AbortController()
    abortWhenLeftAlone(over)
    const round = AbortSignal.any([stop, over.signal])
    const startedAt = performance.now()
    try {
      await listen(round)
    } catch {
      if (!round.aborted) onChange('lost')
    } finally {
      over.abort()
    }
    if (stop.aborted) return
    // A connection that lasted was ended on purpose: the server ends them after a while.
    if (performance.now() - startedAt > RETRY_MS.limit) pauseMs = RETRY_MS.first
    await untilVisible(stop)
    await wait(pauseMs, stop)
    pauseMs = Math.min(pauseMs * 2, RETRY_MS.limit)
  }
}

/** Aborts when the page has been hidden for a while; listens until it is aborted. */
function abortWhenLeftAlone(over: AbortController): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const look = (): void => {
    clearTimeout(timer)
    if (document.visibilityState === 'hidden') timer = setTimeout(() => over.abort(), HIDDEN_MS)
  }
  document.addEventListener('visibilitychange', look, { signal: over.signal })
  over.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
  look()
}

async function untilVisible(stop: AbortSignal): Promise<void> {
  if (document.visibilityState === 'visible') return
  await new Promise<void>((resolve) => {
    document.addEventListener('visibilitychange', () => resolve(), { once: true, signal: stop })
    stop.addEventListener('abort', () => resolve(), { once: true })
  })
}

function wait(milliseconds: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds)
    stop.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })
}
