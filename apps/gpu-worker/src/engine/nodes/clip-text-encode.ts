import { encodeComfyPrompt } from '../text-encode/encode-comfy-prompt.ts'
import { useTextEncodersOf } from './use-parts.ts'
import type { ClipValue, ConditioningValue, NodeExecution } from '../node-graph/node-context.ts'

/** Encodes a prompt. */
export const clipTextEncode: NodeExecution = async (inputs, { models, texts }) => {
  const clip = inputs.value<ClipValue>('clip')
  const use = await useTextEncodersOf(clip, models)
  try {
    const conditioning = await encodeComfyPrompt(
      inputs.text('text'),
      texts.comfy(use.value, clip.stopAtLayer),
    )
    return { outputs: [[conditioning] satisfies ConditioningValue] }
  } finally {
    use.done()
  }
}
