import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { parseRecording, type RequestPictures } from '../test-kit/recorded-exchange.ts'
import { toRecordedOptions } from '../test-kit/recorded-set.ts'
import { replayExchange, type Send } from '../test-kit/replay.ts'
import { openTestGateway } from '../test-kit/test-gateway.ts'

// Recorded from A1111 v1.10.1: what its selectable scripts answer, and the sizes and texts of their pictures.
const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

describe('the recorded answers of selectable scripts', async () => {
  const gateway = await openTestGateway(toRecordedOptions('txt2img'))
  afterAll(() => gateway.close())
  const pictures = JSON.parse(read('../__fixtures__/request-images.json')) as RequestPictures
  const send: Send = (method, path, { body, headers }) =>
    Promise.resolve(gateway.app.request(path, { method, headers, ...(body === undefined ? {} : { body }) }))
  it.each(parseRecording(read('__fixtures__/scripts.jsonl')))('$id', async (exchange) => {
    const { difference } = await replayExchange(exchange, send, pictures)
    // Pictures of one colour stand in for the recorded ones.
    expect(difference?.replace(/.*flat.*/, '') ?? '').toBe('')
  })
})
