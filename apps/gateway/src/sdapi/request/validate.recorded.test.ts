import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { openReplay } from '../test-kit/open-replay.ts'
import { parseRecording } from '../test-kit/recorded-exchange.ts'

// Recorded from A1111 v1.10.1: what it answers to fields of the wrong type. Most rows hold a second fault, so that no
// picture was made: where the first one is not told of, its value was taken.
const recording = readFileSync(new URL('__fixtures__/validation.jsonl', import.meta.url), 'utf8')

describe('the recorded answers to fields of the wrong type', async () => {
  const { replay, close } = await openReplay('validation')
  afterAll(close)
  it.each(parseRecording(recording))('$path $id', async (exchange) => {
    expect(await replay(exchange)).toBeUndefined()
  })
})
