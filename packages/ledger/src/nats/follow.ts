import { setTimeout as sleep } from 'node:timers/promises'
import { DeliverPolicy, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream'
import { findNewest } from './find-newest.ts'
import type { NatsLink, Session } from './link.ts'

/** Silence of the broker after which a follower is set up again, milliseconds (twice this). */
const IDLE_HEARTBEAT_MS = 2_000
/** Life of one pull, milliseconds. */
const PULL_MS = 30_000
/** Messages asked for at a time. */
const PULL_MESSAGES = 500
/** Pause before a follower that failed is set up again, milliseconds. */
const RETRY_MS = 500

/** What is followed and who hears it. */
export interface FollowOptions {
  readonly link: NatsLink
  readonly stream: string
  readonly subject: string
  /** Of a stream that holds more messages only so many, the newest, are read at the start; absent: all. */
  readonly newest?: number
  /** A read from the start begins: what was known may be gone. */
  readonly onStart: () => void
  readonly onMessage: (message: JsMsg) => void
  /** Everything that was stored when reading began has been told. */
  readonly onLoaded: () => void
}

/**
 * Reads a stream from its start and goes on with what is added, for ever: over reconnections from where it stopped,
 * and from the start again when the stream itself was made anew. Returns the function that ends it.
 */
export function followStream(options: FollowOptions): () => void {
  const state = {
    isClosed: false,
    lastSequence: 0,
    birth: '',
    iterator: undefined as ConsumerMessages | undefined,
  }
  const { link, stream } = options
  let generation = 0
  const run = async (session: Session): Promise<void> => {
    generation += 1
    const mine = generation
    void state.iterator?.close()
    const birth = session.births.get(stream) ?? ''
    if (birth !== state.birth || state.lastSequence === 0) {
      state.birth = birth
      state.lastSequence = 0
      options.onStart()
    }
    while (!state.isClosed && mine === generation) {
      try {
        await readFrom(session, options, state)
      } catch (error) {
        if (!state.isClosed && mine === generation)
          link.emit({ kind: 'reloaded', subject: stream, cause: error })
      }
      await sleep(RETRY_MS, undefined, { ref: false })
    }
  }
  const unlisten = link.onSession((session) => void run(session))
  return () => {
    state.isClosed = true
    unlisten()
    void state.iterator?.close()
  }
}

interface FollowState {
  isClosed: boolean
  lastSequence: number
  iterator: ConsumerMessages | undefined
}

async function readFrom(session: Session, options: FollowOptions, state: FollowState): Promise<void> {
  const start = state.lastSequence > 0 ? state.lastSequence + 1 : await findStart(session, options)
  const consumer = await session.js.consumers.get(options.stream, {
    filter_subjects: options.subject,
    ...(start === undefined
      ? { deliver_policy: DeliverPolicy.All }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: start }),
  })
  const pending = (await consumer.info(true)).num_pending
  const iterator = await consumer.consume({
    max_messages: PULL_MESSAGES,
    expires: PULL_MS,
    idle_heartbeat: IDLE_HEARTBEAT_MS,
  })
  state.iterator = iterator
  if (state.isClosed) return void iterator.close()
  if (pending === 0) options.onLoaded()
  let left = pending
  for await (const message of iterator) {
    if (state.isClosed) return
    state.lastSequence = Math.max(state.lastSequence, message.seq)
    options.onMessage(message)
    left -= 1
    // Messages may expire between the count and the reading; the message itself says what follows it.
    if (left === 0 || (left > 0 && message.info.pending === 0)) {
      left = 0
      options.onLoaded()
    }
  }
}

/** Where reading begins: undefined is the stream's own start. */
async function findStart({ jsm }: Session, { stream, newest }: FollowOptions): Promise<number | undefined> {
  return newest === undefined ? undefined : findNewest(jsm, stream, newest)
}
