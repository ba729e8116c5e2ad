import { jetstream, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { startNatsServer, type TestNatsServer } from './nats-server.ts'
import type { TestStore } from './nats-stores.ts'

/** A broker that the tests of a block share, and a connection that goes past the ledger. */
export interface TestBroker {
  readonly url: string
  readonly connection: NatsConnection
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
  /** Closes a store when the present test has ended. */
  keep(store: TestStore): TestStore
  /** Messages of waiting jobs in a store's corner. */
  countWork(store: TestStore): Promise<number>
}

/** Starts a broker for the block of tests it is called in; what it gives may be used once they run. */
export function useTestBroker(): TestBroker {
  let server: TestNatsServer
  let connection: NatsConnection
  let js: JetStreamClient
  let jsm: JetStreamManager
  const kept: TestStore[] = []
  beforeAll(async () => {
    server = await startNatsServer()
    connection = await connect({ servers: server.url })
    js = jetstream(connection)
    jsm = await js.jetstreamManager()
  })
  afterEach(() => Promise.all(kept.splice(0).map((store) => store.close())))
  afterAll(async () => {
    await connection.close()
    await server.dispose()
  })
  return {
    get url() {
      return server.url
    },
    get connection() {
      return connection
    },
    get js() {
      return js
    },
    get jsm() {
      return jsm
    },
    keep(store) {
      kept.push(store)
      return store
    },
    async countWork({ settings }) {
      return (await jsm.streams.info(`${settings.prefix}-work`)).state.messages
    },
  }
}
