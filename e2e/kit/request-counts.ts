import type { ClusterGateway } from './cluster.ts'
import { readSamples } from './metrics.ts'

/** How many requests a gateway has answered on both its ports since its start, by its own metrics. */
export async function countRequests(gateway: Pick<ClusterGateway, 'operations'>): Promise<number> {
  const samples = await readSamples(gateway, 'atelier_gateway_request_seconds_count')
  return samples.reduce((sum, { value }) => sum + value, 0)
}
