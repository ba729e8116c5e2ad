import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { timeEach, toQuantiles } from './quantiles.ts'

/** About what the record of the smallest graph takes, bytes. */
const MESSAGE_BYTES = 1_000

/** What a submission cannot be faster than: one acknowledged JetStream publish from this machine, so many at once. */
export async function measureFloor(natsUrl: string, replicas: number, clients: number) {
  const connection = await connect({ servers: natsUrl.split(',') })
  const manager = await jetstreamManager(connection)
  const name = `floor-${clients}`
  await manager.streams.add({ name, subjects: [`${name}.>`], num_replicas: replicas })
  const js = jetstream(connection)
  const payload = new Uint8Array(MESSAGE_BYTES)
  const publish = async (index: number): Promise<void> => void (await js.publish(`${name}.${index}`, payload))
  await timeEach(100, clients, publish)
  const { durations, totalMs } = await timeEach(1_000, clients, publish)
  await manager.streams.delete(name)
  await connection.close()
  return {
    clients,
    publish: toQuantiles(durations),
    publishesPerSecond: Math.round((1_000 / totalMs) * 1_000),
  }
}
