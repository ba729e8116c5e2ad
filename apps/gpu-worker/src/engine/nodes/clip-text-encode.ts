import { encodeComfyPrompt } from '../text-encode/encode-comfy-prompt.ts'
import type { ClipValue, ConditioningValue, NodeExecution } from '../node-graph/node-context.ts'

/** Encodes a prompt. */
export const clipTextEncode: NodeExecution = async (inputs, { models, texts }) => {
  const { checkpoint, stopAtLayer } = inputs.value<ClipValue>('clip')
  const use = await models.useCheckpoint(checkpoint)
  try {
    const conditioning = await encodeComfyPrompt(
      inputs.text('text'),
      texts.comfy(use.value.model, stopAtLayer),
    )
    return { outputs: [[conditioning] satisfies ConditioningValue] }
  } finally {
    use.done()
  }
}
