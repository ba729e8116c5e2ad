import { encodeComfyPrompt } from '../text-encode/encode-comfy-prompt.ts'
import { useModel } from './use-model.ts'
import type { ClipValue, ConditioningValue, NodeExecution } from '../node-graph/node-context.ts'

/** Encodes a prompt. */
export const clipTextEncode: NodeExecution = async (inputs, { models, texts }) => {
  const clip = inputs.value<ClipValue>('clip')
  const use = await useModel(clip, { models })
  try {
    const conditioning = await encodeComfyPrompt(
      inputs.text('text'),
      texts.comfy(use.value.model, clip.stopAtLayer),
    )
    return { outputs: [[conditioning] satisfies ConditioningValue] }
  } finally {
    use.done()
  }
}
