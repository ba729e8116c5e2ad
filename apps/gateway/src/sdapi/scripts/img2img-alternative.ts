import type { ExactValue } from '@atelier/catalog/exact-json'
import { describePrompts } from './processed.ts'
import type { Script } from './script.ts'
import { isTruthy, takeInteger, takeNumber, takeText } from './values.ts'

const MAX_STEPS = 10_000
const MAX_GUIDANCE = 1000

/** Draws a picture again from the noise it would have been drawn from. */
export const IMG2IMG_ALTERNATIVE: Script = {
  title: 'img2img alternative test',
  args: [
    ...['_', 'override_sampler', 'override_prompt', 'original_prompt', 'original_negative_prompt'],
    ...['override_steps', 'st', 'override_strength', 'cfg', 'randomness', 'sigma_adjustment'],
  ],
  plan(context) {
    const { args } = context
    const overrides = (index: number) => isTruthy(args[index] ?? null)
    const prompt = takeText(args[3], 'original_prompt')
    const negativePrompt = takeText(args[4], 'original_negative_prompt')
    const steps = takeInteger(args[6], 'st', [1, MAX_STEPS])
    const decodedNoise = {
      ...{ prompt, negativePrompt, steps, adjustsSigmas: overrides(10) },
      guidanceScale: takeNumber(args[8], 'cfg', [0, MAX_GUIDANCE]),
      randomness: takeNumber(args[9], 'randomness', [0, 1]),
    }
    const changes: Record<string, ExactValue> = {
      ...(overrides(1) ? { sampler_name: 'Euler' } : {}),
      ...(overrides(2) ? { prompt, negative_prompt: negativePrompt } : {}),
      ...(overrides(5) ? { steps: BigInt(steps) } : {}),
      ...(overrides(7) ? { denoising_strength: 1 } : {}),
    }
    const parameters = [
      ['Decode prompt', 3],
      ['Decode negative prompt', 4],
      ['Decode CFG scale', 8],
      ['Decode steps', 6],
      ['Randomness', 9],
      ['Sigma Adjustment', 10],
    ] as const
    const planned = context.plan(context.request.with(changes), {
      parameters: parameters.map(([key, index]) => ({ key, value: args[index] ?? null })),
    })
    const plan = { ...planned, decodedNoise }
    return {
      parts: [plan],
      names: ['scripts_img2img'],
      info: new Map<string, ExactValue>([
        ...context.describe(plan),
        ...describePrompts(plan),
        ['all_seeds', [...plan.seeds]],
        ['all_subseeds', [...plan.subseeds]],
      ]),
      answer: { texts: 'own' },
    }
  },
}
