import type { JobEventBodies } from '@atelier/catalog/atelier-api'
import { EventSourceParserStream } from 'eventsource-parser/stream'

/** One event of the stream of jobs. */
export type JobsEvent = {
  [Name in keyof JobEventBodies]: { readonly name: Name; readonly data: JobEventBodies[Name] }
}[keyof JobEventBodies]

const NAMES: ReadonlySet<string> = new Set<keyof JobEventBodies>(['jobs', 'job', 'progress'])

/** Reads server-sent events to their end; those of other names are left out. */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  onEvent: (event: JobsEvent) => void,
): Promise<void> {
  const text = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
  const reader = text.pipeThrough(new EventSourceParserStream()).getReader()
  for (;;) {
    const { value, done } = await reader.read()
    if (done) return
    const { event = '', data } = value
    if (NAMES.has(event)) onEvent({ name: event, data: JSON.parse(data) as unknown } as JobsEvent)
  }
}
