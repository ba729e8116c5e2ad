import type { NodeExecution } from '../node-graph/node-context.ts'
import { sampleLatent } from './sample-latent.ts'

/** Samples a latent over a window of steps, with or without noise at either end. */
export const kSamplerAdvanced: NodeExecution = async (inputs, context) => {
  const latent = await sampleLatent(
    {
      model: inputs.value('model'),
      seed: inputs.bigint('noise_seed'),
      guidanceScale: inputs.number('cfg'),
      positive: inputs.value('positive'),
      negative: inputs.value('negative'),
      latent: inputs.value('latent_image'),
      sampling: {
        sampler: inputs.text('sampler_name'),
        schedule: inputs.text('scheduler'),
        steps: inputs.integer('steps'),
        denoise: 1,
        startStep: inputs.integer('start_at_step'),
        endStep: inputs.integer('end_at_step'),
        forcesFullDenoise: inputs.text('return_with_leftover_noise') !== 'enable',
      },
      addsNoise: inputs.text('add_noise') !== 'disable',
    },
    context,
  )
  return { outputs: [latent] }
}
