import { NamedFile } from '@atelier/proto'
import type { NodeExecution } from '../node-graph/node-context.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { encodeFrames } from './encode-frames.ts'

/** zlib level of pictures that go straight to a client. */
const COMPRESSION = 4

/** Sends pictures to the client as they are, one progress step each. */
export const saveImageWebsocket: NodeExecution = async (inputs, context) => {
  const frames = await encodeFrames(inputs.value<Tensor>('images'), context, {
    compression: COMPRESSION,
    hasMetadata: false,
  })
  frames.forEach(({ bytes, mediaType, width, height }, index) => {
    const file = NamedFile.fromPartial({ nodeId: context.nodeId, width, height })
    // Its announcement is the progress step, too.
    context.job.sendEarly({ file, bytes, mediaType }, index, frames.length)
  })
  return { outputs: [] }
}
