import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe } from 'vitest'
import { describeLedger } from '../contract/ledger-contract.ts'
import { hasNatsServer, startNatsServer, type TestNatsServer } from '../test-kit/nats-server.ts'
import { toTestSettings } from '../test-kit/nats-settings.ts'
import { openNatsLedger } from './index.ts'

describe.skipIf(!hasNatsServer())('with a real nats-server', () => {
  let server: TestNatsServer
  beforeAll(async () => {
    server = await startNatsServer()
  })
  afterAll(() => server.dispose())

  describeLedger('NATS', async () => {
    const settings = toTestSettings(server.url, `t${randomUUID().slice(0, 8)}`)
    const clock = { offset: 0 }
    const open = async () => {
      const store = openNatsLedger({
        settings,
        now: () => Date.now() + clock.offset,
        elapsed: () => performance.now() + clock.offset,
      })
      await store.ready()
      // What a gateway follows from its start.
      await store.jobs.list({ limit: 1 })
      await store.jobs.recover()
      return store
    }
    const store = await open()
    return {
      store,
      openSecond: open,
      advanceClock: (milliseconds) => {
        clock.offset += milliseconds
      },
      dispose: () => store.close(),
    }
  })
})
