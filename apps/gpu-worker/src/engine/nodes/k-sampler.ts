import type { LatentValue, NodeExecution } from '../node-graph/node-context.ts'
import { sampleLatent, type LatentSampling } from './sample-latent.ts'

type Inputs = Parameters<NodeExecution>[0]
type Context = Parameters<NodeExecution>[1]
type Own = Pick<LatentSampling, 'seed' | 'addsNoise'> &
  Omit<LatentSampling['sampling'], 'sampler' | 'schedule' | 'steps'>

/** Samples a latent. */
export const kSampler: NodeExecution = async (inputs, context) => ({
  outputs: [
    await sample(inputs, context, {
      seed: inputs.bigint('seed'),
      denoise: inputs.number('denoise'),
      addsNoise: true,
    }),
  ],
})

/** Samples a latent over a window of steps, with or without noise at either end. */
export const kSamplerAdvanced: NodeExecution = async (inputs, context) => ({
  outputs: [
    await sample(inputs, context, {
      seed: inputs.bigint('noise_seed'),
      denoise: 1,
      startStep: inputs.integer('start_at_step'),
      endStep: inputs.integer('end_at_step'),
      forcesFullDenoise: inputs.text('return_with_leftover_noise') !== 'enable',
      addsNoise: inputs.text('add_noise') !== 'disable',
    }),
  ],
})

/** Samples with the inputs both classes have, and with their own. */
function sample(inputs: Inputs, context: Context, { seed, addsNoise, ...own }: Own): Promise<LatentValue> {
  const request: LatentSampling = {
    model: inputs.value('model'),
    seed,
    guidanceScale: inputs.number('cfg'),
    positive: inputs.value('positive'),
    negative: inputs.value('negative'),
    latent: inputs.value('latent_image'),
    sampling: {
      sampler: inputs.text('sampler_name'),
      schedule: inputs.text('scheduler'),
      steps: inputs.integer('steps'),
      ...own,
    },
    addsNoise,
  }
  return sampleLatent(request, context)
}
