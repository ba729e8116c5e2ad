import { setTimeout as sleep } from 'node:timers/promises'
import { readNote } from './pixel-note.ts'

/** Pause before a request that came to nothing is sent again, milliseconds. */
const RETRY_MS = { least: 50, most: 500 }
/** How often an address is asked for its job, milliseconds. */
const POLL_MS = 1_000
/** How long one request may take, milliseconds: a lost worker's lease must run out first. */
const REQUEST_LIMIT_MS = 120_000

/** What a client wrote down about one job. */
export interface LogEntry {
  readonly id: string
  /** Requests sent for it that got no usable answer. */
  readonly retries: number
  /** The client waited for the answer, or asked the job's address. */
  readonly way: 'wait' | 'address'
  /** What the picture says of itself; absent: it came with none. */
  readonly note?: string
  /** The answer was final and no picture. */
  readonly failure?: string
  /** When the client first asked, milliseconds since 1970 UTC, and how long it had to wait. */
  readonly askedAtMs: number
  readonly milliseconds: number
}

/** What a client needs. */
export interface ChaosClientOptions {
  /** Addresses of the WebUI ports of all gateways. */
  readonly gateways: readonly string[]
  readonly random: () => number
  readonly signal: AbortSignal
}

/**
 * Makes one picture, as an honest client does: whatever happens on the way, it asks again with the same id, at another
 * gateway, until it has a picture or a final no.
 */
export async function makeChaosPicture(id: string, options: ChaosClientOptions): Promise<LogEntry> {
  const way = options.random() < 0.5 ? 'wait' : 'address'
  const [askedAtMs, startedAt] = [Date.now(), performance.now()]
  let retries = 0
  for (;;) {
    options.signal.throwIfAborted()
    const gateway = options.gateways[Math.floor(options.random() * options.gateways.length)]!
    try {
      const answer = await ask(gateway, id, way, options.signal)
      const milliseconds = Math.round(performance.now() - startedAt)
      return { id, retries, way, ...answer, askedAtMs, milliseconds }
    } catch {
      options.signal.throwIfAborted()
      retries += 1
      await sleep(RETRY_MS.least + options.random() * (RETRY_MS.most - RETRY_MS.least))
    }
  }
}

type Answer = Pick<LogEntry, 'note' | 'failure'>

/** Throws where asking again is right: no connection, no room, not now. */
async function ask(gateway: string, id: string, way: LogEntry['way'], signal: AbortSignal): Promise<Answer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_LIMIT_MS)])
  const answer = await fetch(`${gateway}/sdapi/v1/txt2img`, {
    method: 'POST',
    body: JSON.stringify({ prompt: id, width: 64, height: 64, steps: 2, seed: 1, force_task_id: id }),
    headers: { 'content-type': 'application/json', ...(way === 'address' && { prefer: 'respond-async' }) },
    signal: limit,
  })
  const body = (await answer.json()) as { images?: string[]; detail?: string }
  if (answer.status === 202) return follow(`${gateway}${answer.headers.get('location')}`, limit)
  if (answer.status === 429 || answer.status === 503) throw new Error(`try again: ${body.detail}`)
  if (answer.status !== 200) return { failure: `${answer.status} ${JSON.stringify(body).slice(0, 200)}` }
  return toAnswer(body.images)
}

async function follow(address: string, signal: AbortSignal): Promise<Answer> {
  for (;;) {
    const answer = await fetch(address, { signal })
    if (answer.status !== 200) throw new Error(`the address answers ${answer.status}`)
    const job = (await answer.json()) as { state: string; result?: { images: string[] } }
    if (job.result !== undefined) return toAnswer(job.result.images)
    if (!['queued', 'running', 'cancelling'].includes(job.state))
      return { failure: `the job is ${job.state}` }
    await sleep(POLL_MS, undefined, { signal })
  }
}

async function toAnswer(images: readonly string[] | undefined): Promise<Answer> {
  if (images?.length !== 1) return { failure: `${images?.length ?? 'no'} pictures instead of 1` }
  const note = await readNote(Buffer.from(images[0]!, 'base64'))
  return note === undefined ? { failure: 'a picture that does not say whose it is' } : { note }
}
