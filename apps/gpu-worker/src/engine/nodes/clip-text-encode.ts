import { encodeComfyPrompt } from '../text-encode/encode-comfy-prompt.ts'
import { encodeWithHooks } from './hooks.ts'
import { useTextEncodersOf } from './use-parts.ts'
import type {
  ClipValue,
  ConditioningEntry,
  ConditioningValue,
  NodeContext,
  NodeExecution,
} from '../node-graph/node-context.ts'

/** Encodes a prompt. */
export const clipTextEncode: NodeExecution = async (inputs, context) => {
  const text = inputs.text('text')
  const conditioning = await encodeWithHooks(inputs.value<ClipValue>('clip'), (clip) =>
    encode(clip, text, context),
  )
  return { outputs: [conditioning satisfies ConditioningValue] }
}

/** Encodes a prompt that ControlNets see in place of a conditioning's own. */
export const clipTextEncodeControlnet: NodeExecution = async (inputs, context) => {
  const { tokens } = await encode(inputs.value<ClipValue>('clip'), inputs.text('text'), context)
  const entries = inputs.value<ConditioningValue>('conditioning')
  return { outputs: [entries.map((entry) => ({ ...entry, controlTokens: tokens }))] }
}

async function encode(
  clip: ClipValue,
  text: string,
  { models, texts }: NodeContext,
): Promise<ConditioningEntry> {
  const use = await useTextEncodersOf(clip, models)
  try {
    return await encodeComfyPrompt(text, texts.comfy(use.value, clip.stopAtLayer))
  } finally {
    use.done()
  }
}
