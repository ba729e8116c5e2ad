import type { ClipValue, NodeExecution } from '../node-graph/node-context.ts'

/** Stops text encoding at an earlier layer, -1 the last. */
export const clipSetLastLayer: NodeExecution = async (inputs) => {
  const clip = inputs.value<ClipValue>('clip')
  return { outputs: [{ ...clip, stopAtLayer: inputs.integer('stop_at_clip_layer') } satisfies ClipValue] }
}
