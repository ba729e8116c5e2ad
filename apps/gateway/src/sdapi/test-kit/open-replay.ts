import { readFileSync } from 'node:fs'
import type { RecordedExchange, RequestPictures } from './recorded-exchange.ts'
import { toRecordedOptions } from './recorded-set.ts'
import { replayExchange } from './replay.ts'
import { openTestGateway, type TestGateway } from './test-gateway.ts'

/** A gateway with what the recorded server had, for exchanges that are compared one by one. */
export interface Replay {
  readonly gateway: TestGateway
  /** Sends a recorded request; tells the first difference of its answer, or undefined. */
  replay(exchange: RecordedExchange): Promise<string | undefined>
  close(): Promise<void>
}

/** Opens a replay of a recording, by whose name the server's switches are known. */
export async function openReplay(recording: string): Promise<Replay> {
  const gateway = await openTestGateway(toRecordedOptions(recording))
  const text = readFileSync(new URL('../__fixtures__/request-images.json', import.meta.url), 'utf8')
  const pictures = JSON.parse(text) as RequestPictures
  return {
    gateway,
    async replay(exchange) {
      const verdict = await replayExchange(
        exchange,
        (method, path, { body, headers }) =>
          Promise.resolve(
            gateway.app.request(path, {
              method,
              headers,
              ...(body === undefined ? {} : { body: body as string }),
            }),
          ),
        pictures,
      )
      return verdict.difference
    },
    close: () => gateway.close(),
  }
}
