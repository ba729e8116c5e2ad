import { jetstreamManager } from '@nats-io/jetstream'
import { connect, errors, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasNatsServer, startNatsServer, type TestNatsServer } from '../test-kit/nats-server.ts'
import { AckPublisher } from './ack-publisher.ts'
import { isConflict, isMissingStream } from './errors.ts'

describe.skipIf(!hasNatsServer())('AckPublisher', () => {
  let server: TestNatsServer
  let connection: NatsConnection
  let publisher: AckPublisher
  beforeAll(async () => {
    server = await startNatsServer()
    connection = await connect({ servers: server.url, reconnect: false })
    const manager = await jetstreamManager(connection)
    await manager.streams.add({ name: 'letters', subjects: ['letter.>'] })
    publisher = new AckPublisher(connection, 1_000)
  })
  afterAll(async () => {
    await connection.close()
    await server.dispose()
  })

  it('stores what is published together in the order in which it was asked for', async () => {
    const texts = Array.from({ length: 300 }, (_, i) => `letter ${i}`)
    const sequences = await Promise.all(
      texts.map((text) => publisher.publish('letter.many', Buffer.from(text))),
    )
    expect(sequences).toEqual(sequences.map((_, i) => sequences[0]! + i))
    const manager = await jetstreamManager(connection)
    const middle = await manager.streams.getMessage('letters', { seq: sequences[150]! })
    expect(middle?.string()).toBe('letter 150')
  })

  it('tells headers along', async () => {
    const seq = await publisher.publish('letter.marked', Buffer.from('a'), { headers: { Mark: 'yes' } })
    const manager = await jetstreamManager(connection)
    expect((await manager.streams.getMessage('letters', { seq }))?.header.get('Mark')).toBe('yes')
  })

  it('lets one of those through that expect the same message before theirs', async () => {
    const first = await publisher.publish('letter.once', Buffer.from('0'), { expectedSequence: 0 })
    const outcomes = await Promise.allSettled(
      ['a', 'b', 'c'].map((text) =>
        publisher.publish('letter.once', Buffer.from(text), { expectedSequence: first }),
      ),
    )
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused).toHaveLength(2)
    expect(refused.every(({ reason }) => isConflict(reason))).toBe(true)
  })

  it('says so when no stream takes the subject', async () => {
    const error: unknown = await publisher.publish('parcel.one', Buffer.from('x')).catch((e: unknown) => e)
    expect(isMissingStream(error)).toBe(true)
  })

  it('refuses only the message that cannot be sent', async () => {
    const [good, bad] = await Promise.allSettled([
      publisher.publish('letter.good', Buffer.from('x')),
      publisher.publish('letter with spaces', Buffer.from('x')),
    ])
    expect([good.status, bad.status]).toEqual(['fulfilled', 'rejected'])
  })

  it('ends a wait for an answer that does not come', async () => {
    // Somebody hears it and says nothing.
    const deaf = connection.subscribe('silence', { callback: () => undefined })
    const hasty = new AckPublisher(connection, 50)
    await expect(hasty.publish('silence', Buffer.from('x'))).rejects.toBeInstanceOf(errors.TimeoutError)
    deaf.unsubscribe()
    hasty.close()
  })

  it('refuses those who wait on a subject that the broker forbids', async () => {
    const deaf = connection.subscribe('forbidden', { callback: () => undefined })
    const waiting = publisher.publish('forbidden', Buffer.from('x'))
    const other = publisher.publish('letter.allowed', Buffer.from('x'))
    publisher.refuse(
      new errors.PermissionViolationError('Permissions Violation', 'publish', 'forbidden', undefined),
    )
    await expect(waiting).rejects.toBeInstanceOf(errors.PermissionViolationError)
    expect(await other).toBeGreaterThan(0)
    deaf.unsubscribe()
  })

  it('refuses what waits when the connection is closed, and what comes after', async () => {
    const own = await connect({ servers: server.url, reconnect: false })
    own.subscribe('silence', { callback: () => undefined })
    const closing = new AckPublisher(own, 60_000)
    const waiting = closing.publish('silence', Buffer.from('x')).catch((error: unknown) => error)
    await new Promise((resolve) => setImmediate(resolve))
    await own.close()
    expect(await waiting).toBeInstanceOf(errors.ClosedConnectionError)
    await expect(closing.publish('letter.late', Buffer.from('x'))).rejects.toBeInstanceOf(
      errors.ClosedConnectionError,
    )
  })
})
