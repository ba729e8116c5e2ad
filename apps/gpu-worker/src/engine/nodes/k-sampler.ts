import type { NodeExecution } from '../node-graph/node-context.ts'
import { sampleLatent } from './sample-latent.ts'

/** Samples a latent. */
export const kSampler: NodeExecution = async (inputs, context) => {
  const latent = await sampleLatent(
    {
      model: inputs.value('model'),
      seed: inputs.bigint('seed'),
      guidanceScale: inputs.number('cfg'),
      positive: inputs.value('positive'),
      negative: inputs.value('negative'),
      latent: inputs.value('latent_image'),
      sampling: {
        sampler: inputs.text('sampler_name'),
        schedule: inputs.text('scheduler'),
        steps: inputs.integer('steps'),
        denoise: inputs.number('denoise'),
      },
      addsNoise: true,
    },
    context,
  )
  return { outputs: [latent] }
}
