import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { openReplay } from '../test-kit/open-replay.ts'
import { parseRecording } from '../test-kit/recorded-exchange.ts'

// Recorded from A1111 v1.10.1: what its GET routes list, and how it answers to paths and methods that it does not have.
const recording = readFileSync(new URL('__fixtures__/lists.jsonl', import.meta.url), 'utf8')

describe('the recorded lists', async () => {
  const { replay, close } = await openReplay('get')
  afterAll(close)
  it.each(parseRecording(recording))('$id', async (exchange) => {
    expect(await replay(exchange)).toBeUndefined()
  })
})
