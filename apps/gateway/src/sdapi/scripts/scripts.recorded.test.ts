import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { openReplay } from '../test-kit/open-replay.ts'
import { parseRecording } from '../test-kit/recorded-exchange.ts'

// Recorded from A1111 v1.10.1: what its selectable scripts answer, and the sizes and texts of their pictures.
const recording = readFileSync(new URL('__fixtures__/scripts.jsonl', import.meta.url), 'utf8')

describe('the recorded answers of selectable scripts', async () => {
  const { replay, close } = await openReplay('txt2img')
  afterAll(close)
  it.each(parseRecording(recording))('$id', async (exchange) => {
    const difference = await replay(exchange)
    // Pictures of one colour stand in for the recorded ones.
    expect(difference?.replace(/.*flat.*/, '') ?? '').toBe('')
  })
})
