import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import { resizeFeatures, type FeatureResizing } from './resize-features.ts'
import type { UnetPatch } from './unet-patch.ts'

/** Where and how features are made smaller. */
export interface DownscaleSettings {
  readonly block: number
  /** The other half gets them as they were. */
  readonly isAfterSkip: boolean
  readonly down: FeatureResizing
  readonly up: FeatureResizing
}

/**
 * Kohya's deep shrink: an input block's features are divided in size by a factor, and brought back where they meet larger
 * ones. Input `name` [1], the factor; 1 changes nothing.
 */
export function downscale(name: string, { block, isAfterSkip, down, up }: DownscaleSettings): UnetPatch {
  return {
    key: `downscale ${block} ${isAfterSkip} ${down} ${up} ${name}`,
    open({ graph }) {
      const factor = graph.input(name, 'F32', [1])
      const shrink = (x: Value, at: number) => {
        if (at !== block) return x
        const size = graph.op('Cast', [sidesOf(graph, x)], { to: 1 })
        const smaller = graph.op('Round', [graph.op('Div', [size, factor])])
        return resizeFeatures(graph, x, graph.op('Cast', [smaller], { to: 7 }), down)
      }
      return {
        ...(isAfterSkip ? { featureAfterSkip: shrink } : { feature: shrink }),
        join: ({ x, skip }) => ({ x: resizeFeatures(graph, x, sidesOf(graph, skip), up), skip }),
      }
    },
  }
}

function sidesOf(graph: GraphBuilder, image: Value): Value {
  return graph.op('Shape', [image], { start: 2, end: 4 })
}
