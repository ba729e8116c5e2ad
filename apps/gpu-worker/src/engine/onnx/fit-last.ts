import type { Graph, Op } from './graph-builder.ts'
import { LAYERS } from './layer-ops.ts'

/**
 * A UNet's graph whose convolutions see images doubled, which are only then brought to the size of what they are joined
 * with. That is how A1111 treats sizes that cannot be halved all the way down (its join of unlike sizes); ComfyUI
 * brings the image to that size first, and convolves then. Where every size can be halved the two are the same.
 */
export function fitLast(graph: Graph): Graph {
  const likes = new Map<string, string>()
  const ops = graph.ops.flatMap((op): Op[] => {
    if (op.type === 'RepeatTo') {
      const [image = '', like = ''] = op.inputs
      likes.set(op.outputs[0]!, like)
      return [{ ...op, type: 'RepeatPixels', inputs: [image], attributes: { factor: 2 } }]
    }
    const like = op.type === 'Conv' ? likes.get(op.inputs[0]!) : undefined
    return like === undefined ? [op] : fitOutput(op, like)
  })
  return { ...graph, ops }
}

function fitOutput(op: Op, like: string): Op[] {
  const output = op.outputs[0]!
  const doubled = `${output}_doubled`
  return [
    { ...op, outputs: [doubled] },
    { type: 'RepeatTo', domain: LAYERS, inputs: [doubled, like], outputs: [output], attributes: {} },
  ]
}
