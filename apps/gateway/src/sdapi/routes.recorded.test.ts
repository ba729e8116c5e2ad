import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { openReplay } from './test-kit/open-replay.ts'
import { parseRecording } from './test-kit/recorded-exchange.ts'

// Recorded from A1111 v1.10.1: texts of pictures, interrogation without its models, and what nothing runs for.
const recording = readFileSync(new URL('__fixtures__/small-routes.jsonl', import.meta.url), 'utf8')

describe('the recorded answers of small routes', async () => {
  const { replay, close } = await openReplay('utils')
  afterAll(close)
  it.each(parseRecording(recording))('$id', async (exchange) => {
    expect(await replay(exchange)).toBeUndefined()
  })
})
