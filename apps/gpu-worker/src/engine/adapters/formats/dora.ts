import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import type { AdapterUse } from '../adapter-format.ts'
import { multiply, norm, sum } from '../constant-ops.ts'

/** Part with the magnitudes. */
export const MAGNITUDES = 'dora_scale'
/** torch.finfo(float32).eps, which ComfyUI adds to norms. */
const EPSILON = 1.1920929e-7

/** Whether magnitudes belong to the rows of the weight, not to its columns (ComfyUI's rule). */
function isByRow({ module, shape }: AdapterUse): boolean {
  return module.shapeOf(MAGNITUDES)[0] === shape[0]
}

/** Why magnitudes do not fit the weight. */
export function findMagnitudeMisfit(use: AdapterUse): string | undefined {
  const { module, shape, flavour } = use
  if (!module.has(MAGNITUDES)) return undefined
  const count = module.countOf(MAGNITUDES)
  if (flavour === 'webui' && module.shapeOf(MAGNITUDES).length !== shape.length)
    return `magnitudes have ${module.shapeOf(MAGNITUDES).length} axes, the weight ${shape.length}`
  const [size, side] = isByRow(use) ? [shape[0], 'rows'] : [shape[1], 'columns']
  return count === size ? undefined : `${count} magnitudes are for as many ${side}, the weight has ${size}`
}

/**
 * DoRA (Liu et al. 2024, arXiv 2402.09353): the changed weight V with its columns (or rows) brought to given magnitudes.
 * A1111 divides by the norms of V's columns always; ComfyUI, where magnitudes belong to rows, by those of the weight's own.
 */
export function bringToMagnitudes(
  graph: GraphBuilder,
  { weight, changed }: { readonly weight: Value; readonly changed: Value },
  use: AdapterUse,
): Value {
  const { module, shape, flavour } = use
  const byRow = isByRow(use)
  const magnitudes = module.value(
    graph,
    MAGNITUDES,
    shape.map((size, axis) => (axis === (byRow ? 0 : 1) ? size : 1)),
  )
  const kernel = shape.slice(2).map((_, axis) => axis + 2)
  if (flavour === 'webui')
    return multiply(graph, changed, divide(graph, magnitudes, norm(graph, changed, [0, ...kernel])))
  const norms = byRow ? norm(graph, weight, [1, ...kernel]) : norm(graph, changed, [0, ...kernel])
  const kept = sum(graph, norms, graph.floats([EPSILON]))
  return multiply(graph, changed, divide(graph, magnitudes, kept))
}

function divide(graph: GraphBuilder, a: Value, b: Value): Value {
  return graph.op('Div', [a, b])
}
