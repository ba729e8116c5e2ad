import type { JobSummary } from '@atelier/catalog/atelier-api'
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import type { Client } from '../api/client.ts'
import { ApiFault, messageOf } from '../api/fault.ts'
import { fromParameters, type Parameters } from '../playground/from-parameters.ts'
import { restoreSettings, type Settings } from '../playground/settings.ts'
import { FIELD_OF_SETTING, toRequest, type DataUrl } from '../playground/to-request.ts'
import type { JobsStore } from './jobs.ts'
import type { Lists, ListsStore, Size } from './lists.ts'
import { readKept, type TextStore } from './storage.ts'

/** A picture that was dropped on the form or taken from the gallery. */
export interface SourcePicture extends Size {
  readonly dataUrl: DataUrl
  readonly name: string
}

/** A line of the mask, in the source's pixels. */
export interface Stroke {
  readonly points: readonly (readonly [x: number, y: number])[]
  readonly diameter: number
  readonly isErasing: boolean
}

/** Which picture is shown large. */
export interface Selection {
  readonly jobId: string
  readonly index: number
}

/** What is wrong with the last request. */
export interface FormFault {
  readonly message: string
  readonly fields: Readonly<Partial<Record<keyof Settings, string>>>
}

/** The state of the playground, which outlives its page being left for another. */
export interface PlaygroundStore {
  readonly settings: ReadonlySignal<Settings>
  readonly source: Signal<SourcePicture | undefined>
  readonly strokes: Signal<readonly Stroke[]>
  readonly selection: Signal<Selection | undefined>
  readonly fault: ReadonlySignal<FormFault | undefined>
  /** A sentence that is shown and read out. */
  readonly notice: Signal<string>
  readonly isSending: ReadonlySignal<boolean>
  /** The job of this page that runs, or else the first that waits. */
  readonly current: ReadonlySignal<JobSummary | undefined>
  /** Size that pictures have when the form leaves it open. */
  readonly usualSize: ReadonlySignal<Size>
  change(changes: Partial<Settings>): void
  /** Sends the form; `mask` is drawn from the strokes. */
  generate(mask: DataUrl | undefined): Promise<void>
  /** Fills the form with what a picture says about itself. */
  reuse(picture: DataUrl): Promise<void>
  /** Whether a job was sent from this page. */
  isOwn(id: string): boolean
}

/** What the playground works with. */
export interface PlaygroundOptions {
  readonly client: Client
  readonly jobs: JobsStore
  readonly lists: ListsStore
  /** Kept with the browser: the form. */
  readonly browser: TextStore
  /** Kept with the tab: the jobs sent from it. */
  readonly tab: TextStore
}

/** Size of pictures whose checkpoint does not tell its own, pixels. */
const USUAL_SIDE = 512
/** Jobs of this tab that are remembered. */
const MAX_OWN = 200

/** Makes the playground's state. */
export function createPlaygroundStore(options: PlaygroundOptions): PlaygroundStore {
  const { client, jobs, lists, browser, tab } = options
  const { settings, change } = createForm(browser)
  const own = createOwnJobs(tab)
  const source = signal<SourcePicture | undefined>(undefined)
  const strokes = signal<readonly Stroke[]>([])
  const { selection, fault, notice, showEnd } = createOutcome()
  const isSending = signal(false)
  const current = computed(() => findCurrent(jobs.open.value.filter(({ id }) => own.has(id))))
  const usualSize = computed(() => findUsualSize(lists.lists.value, settings.value.checkpoint))

  jobs.onEnd = (job) => {
    if (own.has(job.id)) showEnd(job)
  }
  const generate = async (mask: DataUrl | undefined): Promise<void> => {
    fault.value = undefined
    isSending.value = true
    try {
      const pictures = { source: source.value?.dataUrl, mask }
      const { path, body } = toRequest(settings.value, pictures, usualSize.value)
      const { id } = await client.send<{ id: string }>('POST', path, body, 'respond-async')
      own.add(id)
      notice.value = 'Sent to the queue.'
      // A quick one has ended, and was heard to, before its id is known.
      const ended = jobs.ended.peek().find((job) => job.id === id)
      if (ended !== undefined) showEnd(ended)
    } catch (error) {
      fault.value = toFormFault(error)
    } finally {
      isSending.value = false
    }
  }
  const reuse = async (picture: DataUrl): Promise<void> => {
    const known = lists.lists.value
    if (known === undefined) return
    const { found, says } = await readBack(client, picture, known)
    change(found)
    notice.value = says
  }
  return {
    ...{ settings, source, strokes, selection, fault, notice, isSending, current, usualSize },
    ...{ change, generate, reuse, isOwn: own.has },
  }
}

/** The form's settings, kept with the browser. */
function createForm(browser: TextStore) {
  const settings = signal(restoreSettings(readKept(browser, 'settings')))
  return {
    settings,
    change(changes: Partial<Settings>): void {
      settings.value = { ...settings.value, ...changes }
      browser.write('settings', JSON.stringify(settings.value))
    },
  }
}

/** What came of requests: a sentence, a fault, a picture. */
function createOutcome() {
  const selection = signal<Selection | undefined>(undefined)
  const fault = signal<FormFault | undefined>(undefined)
  const notice = signal('')
  const showEnd = (job: JobSummary): void => {
    notice.value = describeEnd(job)
    if (job.error !== null) fault.value = { message: job.error.message, fields: {} }
    if (job.image_count > 0) selection.value = { jobId: job.id, index: 0 }
  }
  return { selection, fault, notice, showEnd }
}

/** Ids of the jobs that were sent from this tab, kept with it. */
function createOwnJobs(tab: TextStore) {
  const kept = readKept(tab, 'jobs')
  const ids = signal<readonly string[]>(
    Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : [],
  )
  return {
    has: (id: string): boolean => ids.value.includes(id),
    add(id: string): void {
      ids.value = [...ids.value, id].slice(-MAX_OWN)
      tab.write('jobs', JSON.stringify(ids.value))
    },
  }
}

/** The one that runs, or else the first that waits. */
function findCurrent(open: readonly JobSummary[]): JobSummary | undefined {
  return open.find(({ state }) => state !== 'queued') ?? open[0]
}

/** The size that the chosen checkpoint draws best, or the one that the server would take. */
function findUsualSize(lists: Lists | undefined, chosen: string): Size {
  const name = chosen || lists?.usualCheckpoint
  const size = lists?.checkpoints.find((one) => one.name === name)?.size
  return size ?? { width: USUAL_SIDE, height: USUAL_SIDE }
}

/** The settings that a picture tells, and what is to be said about them. */
async function readBack(
  client: Client,
  picture: DataUrl,
  lists: Lists,
): Promise<{ readonly found: Partial<Settings>; readonly says: string }> {
  try {
    const body = { image: picture }
    const told = await client.send<{ info: string; parameters: Parameters }>(
      'POST',
      'sdapi/v1/png-info',
      body,
    )
    if (told.info === '') return { found: {}, says: 'This picture does not say how it was made.' }
    const { settings, remarks } = fromParameters(told.parameters, lists)
    return { found: settings, says: ['The form says what the picture said.', ...remarks].join(' ') }
  } catch (error) {
    return { found: {}, says: `The picture could not be read: ${messageOf(error)}` }
  }
}

function toFormFault(error: unknown): FormFault {
  const fields: Partial<Record<keyof Settings, string>> = {}
  const others: string[] = []
  for (const { field, message } of error instanceof ApiFault ? error.fields : []) {
    const name = FIELD_OF_SETTING[field]
    if (name === undefined) others.push(`${field} ${message}`)
    else fields[name] = message
  }
  const isPlaced = Object.keys(fields).length > 0
  const message =
    others.join('; ') || (isPlaced ? 'Some settings are not accepted; see below.' : messageOf(error))
  return { message, fields }
}

function describeEnd(job: JobSummary): string {
  const count = job.image_count === 1 ? 'One picture is' : `${job.image_count} pictures are`
  if (job.state === 'done') return [`${count} ready.`, ...job.remarks].join(' ')
  if (job.state === 'interrupted')
    return job.image_count > 0 ? `Interrupted; ${count.toLowerCase()} kept.` : 'Interrupted.'
  if (job.state === 'cancelled') return 'Cancelled.'
  return `It failed: ${job.error?.message ?? job.state}`
}
