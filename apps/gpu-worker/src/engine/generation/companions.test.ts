import type { GenerationJob } from '@atelier/proto'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { ModelRuntime } from '../onnx/runtime/model-runtime.ts'
import { NativeRuntime } from '../onnx/runtime/native/native-runtime.ts'
import { NODE_BINDING } from '../onnx/runtime/node-binding.ts'
import { openGenerationKit, pixelsOf, smallJob, smallSampling, TINY, TINY_AGAIN } from './test-kit.ts'

/** A runtime that counts evaluations and says that each takes as long, whatever it holds: batchers join all they may. */
function createEvenRuntime(runtime: ModelRuntime): ModelRuntime & { readonly count: () => number } {
  let calls = 0
  return {
    count: () => calls,
    async load(...args) {
      const model = await runtime.load(...args)
      return {
        ...model,
        run(inputs, outputs, onBusy) {
          // Batchers alone want to know.
          if (onBusy !== undefined) calls += 1
          onBusy?.(1)
          return model.run(inputs, outputs)
        },
      }
    },
  }
}

const jobs: fc.Arbitrary<GenerationJob> = fc
  .record({
    seeds: fc.array(fc.bigInt({ min: 0n, max: 2n ** 32n }), { minLength: 1, maxLength: 3 }),
    prompt: fc.constantFrom('a cat', 'a (dog:1.3) [in:by:2] a house', 'a cat AND a dog :0.5'),
    sampler: fc.constantFrom('euler', 'dpmpp_2m', 'heun', 'euler_ancestral', 'ddim'),
    steps: fc.integer({ min: 1, max: 3 }),
    guidanceScale: fc.constantFrom(1, 4.5, 7),
    width: fc.constantFrom(64, 72),
    tiling: fc.boolean(),
    checkpoint: fc.constantFrom(TINY, TINY_AGAIN),
  })
  .map(({ seeds, prompt, sampler, steps, guidanceScale, ...others }) =>
    smallJob({
      images: seeds.map((seed) => ({ prompt, negativePrompt: 'a boat', seed, infotext: '' })),
      batchSize: 2,
      sampling: smallSampling({ sampler, steps, guidanceScale }),
      ...others,
    }),
  )

const NATIVE = new NativeRuntime({ capturesCalls: false })

describe.each([
  ['', NODE_BINDING, {}],
  [', in calls that are filled up', NODE_BINDING, { fillsBuckets: true }],
  [', by turns through the C API', NATIVE, { takesTurns: true }],
] as const)('jobs that run at once%s', (_, own, options) => {
  const runtime = createEvenRuntime(own)
  const kit = openGenerationKit([], { session: { device: 'cpu', threads: 1, runtime }, ...options })
  afterAll(() => kit.close())
  const draw = async (job: GenerationJob) => {
    const outcome = await kit.run(job)
    return Promise.all(outcome.files.map(async (_, index) => (await pixelsOf(outcome, index)).data))
  }
  const drawAll = (all: readonly GenerationJob[]) => Promise.all(all.map(draw))

  it('share evaluations: four jobs take hardly more calls than one', async () => {
    const four = Array.from({ length: 8 }, (_, i) => smallJob({ sampling: smallSampling({ steps: 12 + i }) }))
    await drawAll(four)
    const before = runtime.count()
    await drawAll(four)
    const evaluations = four.reduce((sum, { sampling }) => sum + sampling!.steps, 0)
    expect(runtime.count() - before).toBeLessThan(evaluations / 2)
  })

  it('give the same pictures, bit for bit, as each gives alone', async () => {
    await fc.assert(
      fc.asyncProperty(jobs, fc.array(jobs, { minLength: 1, maxLength: 3 }), async (job, companions) => {
        const alone = await draw(job)
        const [beside] = await drawAll([job, ...companions])
        expect(beside).toEqual(alone)
      }),
      { numRuns: 6 },
    )
  })
})
