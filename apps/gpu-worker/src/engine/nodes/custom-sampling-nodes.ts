import { combine } from '../denoise/combine.ts'
import { pictureShare } from '../denoise/model-sampling.ts'
import { guideBetween, guideByScale } from '../denoise/composition/guiders.ts'
import { toVaeLatent } from '../models/latent-format.ts'
import type { ConditioningValue, LatentValue, ModelValue, NodeContext } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import type { GuiderValue, NoiseValue, SamplerValue, SigmasValue } from '../node-graph/sampling-values.ts'
import { mapTensor } from '../tensor/blocks.ts'
import { describeModel } from './describe-model.ts'
import type { NodeTable } from './node-table.ts'
import { prepareNoise, sampleCustom, toSource } from './sample-custom.ts'

/** Sampling taken apart: noise, guiders, and the nodes that put sampler and sigmas to work. */
export const customSamplingNodes: NodeTable = {
  SamplerCustom: async (inputs, context) => {
    const sampled = await sampleCustom(
      {
        guider: {
          model: inputs.value<ModelValue>('model'),
          conditionings: readConditionings(inputs, { positive: 'positive', negative: 'negative' }),
          rule: guideByScale(inputs.number('cfg')),
        },
        sampler: inputs.value<SamplerValue>('sampler'),
        sigmas: inputs.value<SigmasValue>('sigmas'),
        noise: { seed: inputs.bigint('noise_seed'), isSilent: !inputs.flag('add_noise') },
        latent: inputs.value<LatentValue>('latent_image'),
      },
      context,
    )
    return { outputs: [sampled.output, sampled.denoised] }
  },
  SamplerCustomAdvanced: async (inputs, context) => {
    const sampled = await sampleCustom(
      {
        guider: inputs.value<GuiderValue>('guider'),
        sampler: inputs.value<SamplerValue>('sampler'),
        sigmas: inputs.value<SigmasValue>('sigmas'),
        noise: inputs.value<NoiseValue>('noise'),
        latent: inputs.value<LatentValue>('latent_image'),
      },
      context,
    )
    return { outputs: [sampled.output, sampled.denoised] }
  },
  BasicGuider: async (inputs) => ({
    outputs: [
      {
        model: inputs.value<ModelValue>('model'),
        conditionings: readConditionings(inputs, { positive: 'conditioning' }),
        rule: guideByScale(1),
      } satisfies GuiderValue,
    ],
  }),
  CFGGuider: async (inputs) => ({
    outputs: [
      {
        model: inputs.value<ModelValue>('model'),
        conditionings: readConditionings(inputs, { positive: 'positive', negative: 'negative' }),
        rule: guideByScale(inputs.number('cfg')),
      } satisfies GuiderValue,
    ],
  }),
  DualCFGGuider: async (inputs) => ({
    outputs: [
      {
        model: inputs.value<ModelValue>('model'),
        conditionings: readConditionings(inputs, {
          positive: 'cond1',
          middle: 'cond2',
          negative: 'negative',
        }),
        rule: guideBetween({
          inner: inputs.number('cfg_conds'),
          outer: inputs.number('cfg_cond2_negative'),
          isNested: inputs.text('style') === 'nested',
        }),
      } satisfies GuiderValue,
    ],
  }),
  RandomNoise: async (inputs) => ({
    outputs: [{ seed: inputs.bigint('noise_seed'), isSilent: false } satisfies NoiseValue],
  }),
  DisableNoise: async () => ({ outputs: [{ seed: 0n, isSilent: true } satisfies NoiseValue] }),
  AddNoise: async (inputs, context) => ({ outputs: [await addNoise(inputs, context)] }),
}

function readConditionings(
  inputs: NodeInputs,
  names: Readonly<Record<string, string>>,
): GuiderValue['conditionings'] {
  return Object.fromEntries(
    Object.entries(names).map(([role, name]) => [role, inputs.value<ConditioningValue>(name)]),
  )
}

/** Adds as much noise as lies between the first and the last sigma. */
async function addNoise(inputs: NodeInputs, context: NodeContext): Promise<LatentValue> {
  const latent = inputs.value<LatentValue>('latent_image')
  const sigmas = inputs.value<SigmasValue>('sigmas')
  const [first] = sigmas
  if (first === undefined) return latent
  const { latents, sampling } = await describeModel(inputs.value<ModelValue>('model'), context)
  const amount = sigmas.length > 1 ? Math.abs(first - sigmas.at(-1)!) : first
  const noise = prepareNoise(inputs.value<NoiseValue>('noise'), latent)
  const source = toSource(latent, latents)
  const noisy = toVaeLatent(combine([pictureShare(sampling, amount), source], [amount, noise]), latents)
  return { ...latent, samples: mapTensor(noisy, (value) => (Number.isFinite(value) ? value : 0)) }
}
