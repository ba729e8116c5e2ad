import type { Attribute, GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import type { UnetPatch } from './unet-patch.ts'

/** How features are resized: torch's methods of these names. */
export type FeatureResizing = 'nearest-exact' | 'bilinear' | 'bicubic'

/** Where and how features are made smaller. */
export interface DownscaleSettings {
  readonly block: number
  /** The other half gets them as they were. */
  readonly isAfterSkip: boolean
  readonly down: FeatureResizing
  readonly up: FeatureResizing
}

const ATTRIBUTES: Readonly<Record<FeatureResizing, Readonly<Record<string, Attribute>>>> = {
  'nearest-exact': {
    mode: 'nearest',
    coordinate_transformation_mode: 'half_pixel',
    nearest_mode: 'round_prefer_ceil',
  },
  bilinear: { mode: 'linear', coordinate_transformation_mode: 'half_pixel' },
  bicubic: {
    mode: 'cubic',
    coordinate_transformation_mode: 'half_pixel',
    cubic_coeff_a: { float: -0.75 },
  },
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
        return resize(graph, x, graph.op('Cast', [smaller], { to: 7 }), down)
      }
      return {
        ...(isAfterSkip ? { featureAfterSkip: shrink } : { feature: shrink }),
        join: ({ x, skip }) => ({ x: resize(graph, x, sidesOf(graph, skip), up), skip }),
      }
    },
  }
}

function sidesOf(graph: GraphBuilder, image: Value): Value {
  return graph.op('Shape', [image], { start: 2, end: 4 })
}

function resize(graph: GraphBuilder, x: Value, sides: Value, method: FeatureResizing): Value {
  const rest = graph.op('Shape', [x], { start: 0, end: 2 })
  const sizes = graph.op('Concat', [rest, sides], { axis: 0 })
  return graph.op('Resize', [x, '', '', sizes], ATTRIBUTES[method])
}
