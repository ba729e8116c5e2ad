import { startCluster, type Cluster, type ClusterOptions } from './cluster.ts'
import { startNatsCluster } from './nats-cluster.ts'

/** What a cluster for a while is made of. */
export interface WithClusterOptions extends Omit<ClusterOptions, 'natsUrl'> {
  /** NATS nodes. */
  readonly nodes: number
}

/** Starts a cluster with NATS nodes of its own, does something with it, and stops all of it, whatever happens. */
export async function withCluster<T>(
  { nodes, ...options }: WithClusterOptions,
  work: (cluster: Cluster, natsUrl: string) => Promise<T>,
): Promise<T> {
  const nats = await startNatsCluster(nodes)
  try {
    const cluster = await startCluster({ ...options, natsUrl: nats.url })
    try {
      return await work(cluster, nats.url)
    } finally {
      await cluster.stop()
    }
  } finally {
    await nats.dispose()
  }
}
