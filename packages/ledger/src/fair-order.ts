import type { Job } from '@atelier/proto'

/**
 * The order in which waiting jobs of several tenants are looked at: the heads of all queues, then everyone's second
 * job, and so on; among tenants the one that was served longest ago goes first, then the older head. Inside a tenant
 * it is the queue's own order (queue number, then admission), so that one tenant alone is served first come, first
 * served. With T tenants waiting, a head is served after at most T - 1 jobs of others, plus what overtakes it inside
 * AFFINITY_WINDOW_MS.
 */
export function toFairOrder<T extends { readonly job: Job }>(
  waiting: Iterable<T>,
  lastServed: ReadonlyMap<string, number>,
): T[] {
  const queues = new Map<string, T[]>()
  for (const entry of waiting) {
    const queue = queues.get(entry.job.tenant)
    if (queue === undefined) queues.set(entry.job.tenant, [entry])
    else queue.push(entry)
  }
  const ordered = [...queues.entries()].map(([tenant, queue]) => ({
    served: lastServed.get(tenant) ?? 0,
    queue: queue.sort((a, b) => compareInQueue(a.job, b.job)),
  }))
  ordered.sort((a, b) => a.served - b.served || ageOf(a.queue) - ageOf(b.queue))
  const longest = Math.max(0, ...ordered.map(({ queue }) => queue.length))
  return Array.from({ length: longest }, (_, rank) =>
    ordered.flatMap(({ queue }) => (queue[rank] === undefined ? [] : [queue[rank]])),
  ).flat()
}

function compareInQueue(a: Job, b: Job): number {
  return a.queueNumber - b.queueNumber || a.submittedAtMs - b.submittedAtMs
}

function ageOf(queue: readonly { readonly job: Job }[]): number {
  return queue[0]?.job.submittedAtMs ?? 0
}
