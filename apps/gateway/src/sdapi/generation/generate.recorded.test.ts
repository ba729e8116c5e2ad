import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { openReplay } from '../test-kit/open-replay.ts'
import { parseRecording } from '../test-kit/recorded-exchange.ts'

// Recorded from A1111 v1.10.1, in its order: what it makes of fields, overrides, pictures and masks, and what it refuses.
const recording = readFileSync(new URL('__fixtures__/generation.jsonl', import.meta.url), 'utf8')

describe('the recorded answers of text to image and image to image', async () => {
  const { replay, close } = await openReplay('txt2img')
  afterAll(close)
  it.each(parseRecording(recording))('$path $id', async (exchange) => {
    expect(await replay(exchange)).toBeUndefined()
  })
})
