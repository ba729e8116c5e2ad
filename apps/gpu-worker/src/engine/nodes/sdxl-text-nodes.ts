import type { LabelNumbers } from '../denoise/label.ts'
import type { ClipValue, ConditioningValue, NodeContext } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import {
  encodeComfyTokens,
  equalizeChunks,
  tokenizeComfyPrompt,
  type ComfyTextModel,
  type ComfyTokens,
} from '../text-encode/encode-comfy-prompt.ts'
import { encodeWithHooks } from './hooks.ts'
import type { NodeTable } from './node-table.ts'
import { useTextEncodersOf } from './use-parts.ts'

/** Prompts of SDXL and its refiner, with sizes and scores. */
export const sdxlTextNodes: NodeTable = {
  CLIPTextEncodeSDXL: async (inputs, context) => {
    const [small, large] = [inputs.text('text_l'), inputs.text('text_g')]
    const labelNumbers = {
      ...readSize(inputs),
      cropLeft: inputs.integer('crop_w'),
      cropTop: inputs.integer('crop_h'),
      targetWidth: inputs.integer('target_width'),
      targetHeight: inputs.integer('target_height'),
    }
    return encode(inputs, context, {
      labelNumbers,
      tokenize: (model) =>
        equalizeChunks(
          new Map(
            model.encoders.map(({ key }) => [
              key,
              tokenizeComfyPrompt(key === 'clip_l' ? small : large, key, model),
            ]),
          ),
        ),
    })
  },
  CLIPTextEncodeSDXLRefiner: async (inputs, context) => {
    const text = inputs.text('text')
    return encode(inputs, context, {
      labelNumbers: { ...readSize(inputs), aestheticScore: inputs.number('ascore') },
      tokenize: (model) =>
        new Map(model.encoders.map(({ key }) => [key, tokenizeComfyPrompt(text, key, model)])),
    })
  },
}

function readSize(inputs: NodeInputs): Pick<LabelNumbers, 'width' | 'height'> {
  return { width: inputs.integer('width'), height: inputs.integer('height') }
}

async function encode(
  inputs: NodeInputs,
  { models, texts }: NodeContext,
  {
    tokenize,
    labelNumbers,
  }: { tokenize: (model: ComfyTextModel) => ComfyTokens; labelNumbers: Partial<LabelNumbers> },
): Promise<{ outputs: [ConditioningValue] }> {
  const conditioning = await encodeWithHooks(inputs.value<ClipValue>('clip'), async (clip) => {
    const use = await useTextEncodersOf(clip, models)
    try {
      const model = texts.comfy(use.value, clip.stopAtLayer)
      return { ...(await encodeComfyTokens(tokenize(model), model)), labelNumbers }
    } finally {
      use.done()
    }
  })
  return { outputs: [conditioning] }
}
