import { toExact, type ExactValue, type PlainValue } from '@atelier/catalog/exact-json'
import { describe, expect, it } from 'vitest'
import { generationOf, checkBody, toPlanInputs } from '../test-kit/plan-request.ts'
import { toGeneration } from '../generation/to-job.ts'
import { IMG2IMG_ALTERNATIVE } from './img2img-alternative.ts'
import { planScript } from './plan-script.ts'

const WORLD = { isImageToImage: true }
const BODY = { prompt: 'a fox', negative_prompt: 'dull', seed: 42, steps: 20, sampler_name: 'Heun' }
const USUAL = {
  ...{ overridesSampler: true, overridesPrompt: true, prompt: 'a cat', negativePrompt: 'bad' },
  ...{ overridesSteps: true, steps: 50, overridesStrength: true, guidance: 1, randomness: 0, adjusts: false },
}

/** The plan of the script with its usual arguments, some of them changed. */
function planWith(changes: Partial<Record<keyof typeof USUAL, PlainValue>> = {}) {
  const given: Record<keyof typeof USUAL, PlainValue> = { ...USUAL, ...changes }
  const args = [
    ...['', given.overridesSampler, given.overridesPrompt, given.prompt, given.negativePrompt],
    ...[given.overridesSteps, given.steps, given.overridesStrength, given.guidance],
    ...[given.randomness, given.adjusts],
  ].map((value): ExactValue => toExact(value))
  const inputs = { ...toPlanInputs(WORLD), source: { width: 64, height: 64 } }
  const plan = planScript({ script: IMG2IMG_ALTERNATIVE, args }, checkBody(BODY, WORLD), inputs)
  const [part] = plan.parts
  return { ...plan, job: toGeneration(part!, { sources: [] }, inputs.models, []) }
}

// What the script of A1111 1.10.1 sets, argument by argument.
describe('the alternative image to image', () => {
  it('draws with what it takes the source to be drawn by, in Euler steps and from noise alone', () => {
    const { job, parts } = planWith()
    expect(parts).toHaveLength(1)
    expect(job).toMatchObject({
      images: [{ prompt: 'a cat', negativePrompt: 'bad', seed: 42n }],
      sampling: { sampler: 'euler', steps: 50 },
      source: {
        strength: 1,
        decodedNoise: {
          ...{ prompt: 'a cat', negativePrompt: 'bad', steps: 50, guidanceScale: 1 },
          ...{ randomness: 0, adjustsSigmas: false },
        },
      },
    })
  })

  it('draws with the request’s own where that is not overridden', () => {
    const kept = { overridesSampler: false, overridesPrompt: false, overridesSteps: false }
    const { job } = planWith({ ...kept, overridesStrength: false })
    expect(job).toMatchObject({
      images: [{ prompt: 'a fox', negativePrompt: 'dull' }],
      sampling: { sampler: 'heun', steps: 20 },
      source: { strength: 0.75, decodedNoise: { prompt: 'a cat', steps: 50 } },
    })
  })

  it('tells what the source was taken to be drawn by, in the original’s order', () => {
    const { info, answer } = planWith({ randomness: 0.25, guidance: 1.5, adjusts: true })
    const told = info.get('extra_generation_params') as ReadonlyMap<string, ExactValue>
    expect([...told].slice(0, 6)).toEqual([
      ['Decode prompt', 'a cat'],
      ['Decode negative prompt', 'bad'],
      ['Decode CFG scale', 1.5],
      ['Decode steps', 50n],
      ['Randomness', 0.25],
      ['Sigma Adjustment', true],
    ])
    expect(answer).toEqual({ texts: 'own' })
  })

  it('leaves other requests without such noise', () => {
    expect(generationOf(BODY, WORLD).source?.decodedNoise).toBeUndefined()
  })

  it.each([
    [{ prompt: 5 }, 'original_prompt must be a text, got int'],
    [{ negativePrompt: null }, 'original_negative_prompt must be a text, got NoneType'],
    [{ steps: 0 }, 'st must be between 1 and 10000, got 0'],
    [{ guidance: 'x' }, 'cfg must be a number, got str'],
    [{ randomness: 1.5 }, 'randomness must be between 0 and 1, got 1.5'],
  ])('refuses %j', (changes, message) => {
    expect(() => planWith(changes)).toThrow(message)
  })
})
