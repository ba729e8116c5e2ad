import { encodeComfyPrompt } from '../text-encode/encode-comfy-prompt.ts'
import { encodeWithHooks } from './hooks.ts'
import { useTextEncodersOf } from './use-parts.ts'
import type { ClipValue, ConditioningValue, NodeExecution } from '../node-graph/node-context.ts'

/** Encodes a prompt. */
export const clipTextEncode: NodeExecution = async (inputs, { models, texts }) => {
  const conditioning = await encodeWithHooks(inputs.value<ClipValue>('clip'), async (clip) => {
    const use = await useTextEncodersOf(clip, models)
    try {
      return await encodeComfyPrompt(inputs.text('text'), texts.comfy(use.value, clip.stopAtLayer))
    } finally {
      use.done()
    }
  })
  return { outputs: [conditioning satisfies ConditioningValue] }
}
