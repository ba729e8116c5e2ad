import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream'

/** How many of the wanted messages may be missing: looking closer costs more than they are worth. */
const TOLERANCE = 0.1
/** Life of a consumer that only counts, nanoseconds; it is removed at once, if nothing goes wrong. */
const COUNTER_LIFE_NS = 5_000_000_000

/**
 * The sequence from which a stream holds the newest `count` messages, or up to a tenth fewer; undefined when it holds no
 * more in all. Sequences have gaps wherever a later value took an earlier one's place, so the place is found by halving:
 * each look asks the broker how many messages follow a sequence.
 */
export async function findNewest(
  jsm: JetStreamManager,
  stream: string,
  count: number,
): Promise<number | undefined> {
  const { state } = await jsm.streams.info(stream)
  if (state.messages <= count) return undefined
  let [low, high] = [state.first_seq, state.last_seq]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const following = await countFrom(jsm, stream, middle)
    if (following > count) low = middle + 1
    else if (following >= count * (1 - TOLERANCE)) return middle
    else high = middle
  }
  return low
}

async function countFrom(jsm: JetStreamManager, stream: string, sequence: number): Promise<number> {
  const { name, num_pending } = await jsm.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: sequence,
    inactive_threshold: COUNTER_LIFE_NS,
    mem_storage: true,
    num_replicas: 1,
  })
  await jsm.consumers.delete(stream, name)
  return num_pending
}
