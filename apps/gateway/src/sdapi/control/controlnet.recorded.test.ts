import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { openReplay } from '../test-kit/open-replay.ts'
import { parseRecording } from '../test-kit/recorded-exchange.ts'

// Recorded from A1111 v1.10.1 with sd-webui-controlnet 1.1.455: its routes, and units without a ControlNet file.
const recording = readFileSync(new URL('__fixtures__/controlnet.jsonl', import.meta.url), 'utf8')

describe('the ControlNet extension’s recorded exchanges', async () => {
  const { replay, close } = await openReplay('get')
  afterAll(close)
  it.each(parseRecording(recording))('$id', async (exchange) => {
    expect(await replay(exchange)).toBeUndefined()
  })
})
