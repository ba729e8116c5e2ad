import { AggregatorRegistry } from 'prom-client'
import type { OperationsSource } from './child-operations.ts'

/** Several parts of one program as one: metrics added up, ready when all are. */
export function joinOperations(sources: readonly OperationsSource[]): OperationsSource {
  return {
    registry: {
      getMetricsAsJSON: async () => {
        const metrics = await Promise.all(sources.map(({ registry }) => registry.getMetricsAsJSON()))
        return AggregatorRegistry.aggregate(metrics).getMetricsAsJSON()
      },
    },
    readReadiness: async () => {
      for (const { readReadiness } of sources) {
        const readiness = await readReadiness()
        if (!readiness.ready) return readiness
      }
      return { ready: true }
    },
  }
}
