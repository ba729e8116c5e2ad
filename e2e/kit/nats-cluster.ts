import { findPort, startNatsServer, type TestNatsServer } from '@atelier/ledger/test-kit'

/** NATS nodes that make one cluster. */
export interface NatsCluster {
  readonly nodes: readonly TestNatsServer[]
  /** Addresses of all nodes, as ATELIER_NATS_URL takes them. */
  readonly url: string
  dispose(): Promise<void>
}

/** Starts so many nodes with JetStream; resolves when each answers (a leader may take a moment longer). */
export async function startNatsCluster(count: number): Promise<NatsCluster> {
  const routes = await Promise.all(Array.from({ length: count }, findPort))
  const peers = routes.map((port) => `nats://127.0.0.1:${port}`)
  const toArgs = (index: number): string[] =>
    count === 1
      ? []
      : [
          ...['-n', `node-${index}`, '--cluster_name', 'atelier'],
          ...['--cluster', peers[index]!, '--routes', peers.filter((_, i) => i !== index).join()],
        ]
  const nodes = await Promise.all(peers.map((_, index) => startNatsServer({ args: toArgs(index) })))
  return {
    nodes,
    url: nodes.map(({ url }) => url).join(),
    async dispose() {
      await Promise.all(nodes.map((node) => node.dispose()))
    },
  }
}
