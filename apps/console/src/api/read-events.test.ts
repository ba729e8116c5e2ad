import { describe, expect, it } from 'vitest'
import { readEvents, type JobsEvent } from './read-events.ts'

/** A stream that breaks a text at every few bytes, as networks do. */
function toStream(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 5) controller.enqueue(bytes.slice(at, at + 5))
      controller.close()
    },
  })
}

describe('readEvents', () => {
  it('tells each event, however the bytes come, and leaves out what it does not know', async () => {
    const told: JobsEvent[] = []
    const text = [
      'event: jobs\ndata: {"jobs":[]}\n\n',
      ': still here\n\n',
      'event: news\ndata: {"later": true}\n\n',
      'event: job\ndata: {"id":"a","prompt":"größer – 猫"}\n\n',
    ]
    await readEvents(toStream(text.join('')), (event) => told.push(event))
    expect(told).toEqual([
      { name: 'jobs', data: { jobs: [] } },
      { name: 'job', data: { id: 'a', prompt: 'größer – 猫' } },
    ])
  })
})
