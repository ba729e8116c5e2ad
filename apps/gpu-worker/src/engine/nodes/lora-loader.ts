import { ModelKind, type ModelRef } from '@atelier/proto'
import type { ClipValue, ModelValue, NodeContext, NodeExecution } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { findRef } from './find-file.ts'
import { useModel } from './use-model.ts'
import { useTextEncodersOf } from './use-parts.ts'

/** Adds a LoRA to those of a model and of its text encoders. */
export const loraLoader: NodeExecution = async (inputs, context) => {
  const [model, clip] = [inputs.value<ModelValue>('model'), inputs.value<ClipValue>('clip')]
  const [ofModel, ofClip] = [inputs.number('strength_model'), inputs.number('strength_clip')]
  if (ofModel === 0 && ofClip === 0) return { outputs: [model, clip] }
  const file = findLora(inputs, context)
  const outputs: [ModelValue, ClipValue] = [
    withAdapter(model, { file, denoiserStrength: ofModel, textStrength: 0 }),
    withAdapter(clip, { file, denoiserStrength: 0, textStrength: ofClip }),
  ]
  await checkFit(outputs[0], context)
  if (clip.checkpoint.kind === ModelKind.MODEL_KIND_TEXT_ENCODER) await checkTexts(outputs[1], context)
  return { outputs }
}

/** Adds a LoRA to those of a model. */
export const loraLoaderModelOnly: NodeExecution = async (inputs, context) => {
  const model = inputs.value<ModelValue>('model')
  const denoiserStrength = inputs.number('strength_model')
  if (denoiserStrength === 0) return { outputs: [model] }
  const file = findLora(inputs, context)
  const changed = withAdapter(model, { file, denoiserStrength, textStrength: 0 })
  await checkFit(changed, context)
  return { outputs: [changed] }
}

type Adapter = NonNullable<ModelValue['adapters']>[number]

function withAdapter<T extends ModelValue | ClipValue>(value: T, adapter: Adapter): T {
  return { ...value, adapters: [...(value.adapters ?? []), adapter] }
}

function findLora(inputs: NodeInputs, { models }: NodeContext): ModelRef {
  const name = inputs.text('lora_name')
  return findRef(models, { kind: ModelKind.MODEL_KIND_LORA, name, what: 'LoRA' })
}

/** A file that cannot be used fails here, not where the model is first called; what does not act is told once. */
async function checkFit(model: ModelValue, context: NodeContext): Promise<void> {
  const use = await useModel(model, context)
  for (const remark of use.value.remarks) context.remark(remark)
  use.done()
}

/** The same for text encoders in files of their own; what a LoRA has for the denoiser is none of theirs. */
async function checkTexts(clip: ClipValue, { models }: NodeContext): Promise<void> {
  const use = await useTextEncodersOf(clip, models)
  use.done()
}
