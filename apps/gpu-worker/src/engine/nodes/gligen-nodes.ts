import { ModelKind, type ModelRef } from '@atelier/proto'
import { EngineError } from '../engine-error.ts'
import type { ClipValue, ConditioningValue, TextBox } from '../node-graph/node-context.ts'
import { encodeComfyPrompt } from '../text-encode/encode-comfy-prompt.ts'
import { findRef } from './find-file.ts'
import type { NodeTable } from './node-table.ts'
import { encodeWithHooks } from './hooks.ts'
import { useTextEncodersOf } from './use-parts.ts'

/** Pixels of one latent pixel's side. */
const LATENT_PIXELS = 8

/** Texts in boxes of the picture; the network is opened when a sampler runs. */
export const gligenNodes: NodeTable = {
  GLIGENLoader: async (inputs, { models }) => {
    const [kind, name] = [ModelKind.MODEL_KIND_GLIGEN, inputs.text('gligen_name')]
    return { outputs: [findRef(models, { kind, name, what: 'GLIGEN model' })] }
  },
  GLIGENTextBoxApply: async (inputs, { models, texts }) => {
    const { hooks, ...clip } = inputs.value<ClipValue>('clip')
    const whole: ClipValue = hooks === undefined ? clip : { ...clip, hooks: { ...hooks, isScheduled: false } }
    const [encoded] = await encodeWithHooks(whole, async (own) => {
      const use = await useTextEncodersOf(own, models)
      try {
        return await encodeComfyPrompt(inputs.text('text'), texts.comfy(use.value, own.stopAtLayer))
      } finally {
        use.done()
      }
    })
    if (encoded?.pooled === undefined)
      throw new EngineError('invalid-request', 'this text encoder gives no embedding of a whole text')
    const cells = (name: string) => Math.floor(inputs.integer(name) / LATENT_PIXELS)
    const box: TextBox = {
      ...{ text: encoded.pooled, height: cells('height'), width: cells('width') },
      ...{ top: cells('y'), left: cells('x') },
    }
    const file = inputs.value<ModelRef>('gligen_textbox_model')
    const boxed = inputs
      .value<ConditioningValue>('conditioning_to')
      .map((entry) => ({ ...entry, boxes: { file, boxes: [...(entry.boxes?.boxes ?? []), box] } }))
    return { outputs: [boxed satisfies ConditioningValue] }
  },
}
