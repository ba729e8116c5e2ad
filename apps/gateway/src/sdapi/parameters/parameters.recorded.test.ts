import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { openReplay } from '../test-kit/open-replay.ts'
import { parseRecording } from '../test-kit/recorded-exchange.ts'

// Recorded from A1111 v1.10.1: which parameters its texts and its `info` tell, in which order and spelling.
const recording = readFileSync(new URL('__fixtures__/parameters.jsonl', import.meta.url), 'utf8')

describe('the recorded parameters', async () => {
  const { replay, close } = await openReplay('infotext')
  afterAll(close)
  it.each(parseRecording(recording))('of $id', async (exchange) => {
    expect(await replay(exchange)).toBeUndefined()
  })
})
