import type { ClusterGateway } from './cluster.ts'

/** How many requests a gateway has answered on both its ports since its start, by its own metrics. */
export async function countRequests({ operations }: Pick<ClusterGateway, 'operations'>): Promise<number> {
  const text = await (await fetch(`${operations}/metrics`)).text()
  const counts = [...text.matchAll(/^atelier_gateway_request_seconds_count\{[^}]*\} (\d+)$/gm)]
  return counts.reduce((sum, [, count]) => sum + Number(count), 0)
}
