import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { parseRecording, type RequestPictures } from '../test-kit/recorded-exchange.ts'
import { toRecordedOptions } from '../test-kit/recorded-set.ts'
import { replayExchange, type Send } from '../test-kit/replay.ts'
import { openTestGateway } from '../test-kit/test-gateway.ts'

// Recorded from A1111 v1.10.1 with sd-webui-controlnet 1.1.455: its routes, and units without a ControlNet file.
const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

describe('the ControlNet extension’s recorded exchanges', async () => {
  const gateway = await openTestGateway(toRecordedOptions('get'))
  afterAll(() => gateway.close())
  const pictures = JSON.parse(read('../__fixtures__/request-images.json')) as RequestPictures
  const send: Send = (method, path, { body, headers }) =>
    Promise.resolve(gateway.app.request(path, { method, headers, ...(body === undefined ? {} : { body }) }))
  it.each(parseRecording(read('__fixtures__/controlnet.jsonl')))('$id', async (exchange) => {
    const { difference } = await replayExchange(exchange, send, pictures)
    expect(difference).toBeUndefined()
  })
})
