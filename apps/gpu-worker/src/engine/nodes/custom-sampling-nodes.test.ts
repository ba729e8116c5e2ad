import { beforeEach, describe, expect, it } from 'vitest'
import { combine, scale } from '../denoise/combine.ts'
import { createModelSampling } from '../denoise/model-sampling.ts'
import type { NetworkInputs } from '../denoise/guidance.ts'
import { prepareBatchNoise } from '../denoise/noise/batch-noise.ts'
import type { LatentValue, NodeContext } from '../node-graph/node-context.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference } from '../test-kit.ts'
import { ANALYTIC_CONDITIONINGS } from './test-kit/analytic-network.ts'
import { callNode, networkContext, NodeValue, TEST_MODEL, type NodeArgument } from './test-kit/call-node.ts'

const SHAPE = [2, 4, 6, 8] as const
const FACTOR = 0.18215
const { conditional, unconditional } = ANALYTIC_CONDITIONINGS
const latentOf = (samples: Tensor, rest: Partial<LatentValue> = {}) => new NodeValue({ samples, ...rest })
const samplesOf = (value: unknown) => (value as LatentValue).samples
const picture = scale(2, prepareBatchNoise(5n, SHAPE))

describe('custom sampling', () => {
  let calls: NetworkInputs[]
  let context: Partial<NodeContext>
  beforeEach(() => {
    calls = []
    // Noise that depends on latent, time and prompt, row by row.
    context = networkContext(async (inputs) => {
      calls.push(inputs)
      const { latent, timesteps, context: prompts } = inputs
      const [size, width] = [latent.data.length / latent.shape[0]!, prompts.data.length / latent.shape[0]!]
      const predicted = latent.data.map((value, i) => {
        const row = Math.floor(i / size)
        return Math.sin(3 * value) + timesteps[row]! / 1000 + 0.3 * prompts.data[row * width]!
      })
      return createTensor(latent.shape, predicted)
    })
  })
  const call = (className: string, args: Record<string, NodeArgument>) => callNode(className, args, context)
  const make = async (className: string, args: Record<string, NodeArgument> = {}) =>
    new NodeValue((await call(className, args))[0])
  const guided = { model: TEST_MODEL, positive: conditional, negative: unconditional }
  const sigmasOf = (steps: number, denoise = 1) =>
    make('BasicScheduler', { model: TEST_MODEL, scheduler: 'karras', steps, denoise })
  const advanced = async (change: Record<string, NodeArgument> = {}) =>
    call('SamplerCustomAdvanced', {
      noise: await make('RandomNoise', { noise_seed: 11 }),
      guider: await make('CFGGuider', { ...guided, cfg: 4 }),
      sampler: await make('KSamplerSelect', { sampler_name: 'euler_ancestral' }),
      sigmas: await sigmasOf(4),
      latent_image: latentOf(createTensor(SHAPE)),
      ...change,
    })

  it.each(['euler_ancestral', 'dpmpp_2m_sde', 'ddim'])('gives what KSampler gives: %s', async (name) => {
    const mask = createTensor([1, 6, 8], new Float32Array(48).fill(0.5).fill(1, 24))
    const latent = latentOf(picture, { noiseMask: mask, batchIndex: [0, 3] })
    const common = { latent_image: latent, sampler: await make('KSamplerSelect', { sampler_name: name }) }
    const settings = { steps: 4, sampler_name: name, scheduler: 'karras', denoise: 0.6 }
    const [plain] = await call('KSampler', { ...guided, seed: 11, cfg: 4, ...settings, latent_image: latent })
    const [taken] = await advanced({ ...common, sigmas: await sigmasOf(4, 0.6) })
    const [custom] = await call('SamplerCustom', {
      ...{ ...guided, ...common, add_noise: true, noise_seed: 11, cfg: 4 },
      sigmas: await sigmasOf(4, 0.6),
    })
    expect(maxDifference(samplesOf(plain), samplesOf(taken))).toBe(0)
    expect(maxDifference(samplesOf(plain), samplesOf(custom))).toBe(0)
    expect(plain).toMatchObject({ noiseMask: mask, batchIndex: [0, 3] })
  })

  it('gives the last clean latent beside the result, the same where the run ends at zero', async () => {
    const sampler = await make('KSamplerSelect', { sampler_name: 'euler' })
    const [whole, clean] = await advanced({ sampler })
    expect(maxDifference(samplesOf(whole), samplesOf(clean))).toBeLessThan(1e-5)
    const [high] = await call('SplitSigmas', { sigmas: await sigmasOf(4), step: 2 })
    const [half, predicted] = await advanced({ sampler, sigmas: new NodeValue(high) })
    expect(maxDifference(samplesOf(half), samplesOf(predicted))).toBeGreaterThan(0.5)
  })

  it('goes on where another run stopped', async () => {
    const sampler = await make('KSamplerSelect', { sampler_name: 'euler' })
    const [whole] = await advanced({ sampler })
    const [high, low] = await call('SplitSigmas', { sigmas: await sigmasOf(4), step: 2 })
    const [half] = await advanced({ sampler, sigmas: new NodeValue(high) })
    const [rest] = await advanced({
      ...{ sampler, sigmas: new NodeValue(low), latent_image: new NodeValue(half) },
      noise: await make('DisableNoise'),
    })
    expect(maxDifference(samplesOf(whole), samplesOf(rest))).toBeLessThan(1e-3)
  })

  it('returns the latent where there are no sigmas, and the noised latent where there is one', async () => {
    const latent_image = latentOf(picture)
    const [none, same] = await advanced({ sigmas: new NodeValue([]), latent_image })
    expect([samplesOf(none), samplesOf(same)]).toEqual([picture, picture])
    const [noised] = await advanced({ sigmas: new NodeValue([2]), latent_image })
    const expected = combine([1, picture], [2 / FACTOR, prepareBatchNoise(11n, SHAPE)])
    expect(maxDifference(samplesOf(noised), expected)).toBeLessThan(1e-4)
    expect(calls).toEqual([])
  })

  it('asks for the positive alone with BasicGuider', async () => {
    await advanced({ guider: await make('BasicGuider', { model: TEST_MODEL, conditioning: conditional }) })
    expect(calls.map(({ latent }) => latent.shape[0])).toEqual([2, 2, 2, 2])
  })

  it('guides between two prompts and a negative with DualCFGGuider', async () => {
    const dual = (cfg_conds: number, cfg_cond2_negative: number, style = 'regular') =>
      make('DualCFGGuider', {
        ...{ model: TEST_MODEL, cond1: conditional, cond2: unconditional, negative: unconditional },
        ...{ cfg_conds, cfg_cond2_negative, style },
      })
    // The middle equals the negative: guidance by the first scale alone.
    const [plain] = await advanced()
    const [between] = await advanced({ guider: await dual(4, 3) })
    const [nested] = await advanced({ guider: await dual(4, 1, 'nested') })
    expect(maxDifference(samplesOf(plain), samplesOf(between))).toBeLessThan(1e-3)
    expect(maxDifference(samplesOf(plain), samplesOf(nested))).toBeLessThan(1e-3)
  })

  it('makes an empty latent of another model anew with four channels', async () => {
    const [sampled] = await advanced({ latent_image: latentOf(createTensor([1, 16, 6, 8])) })
    expect(samplesOf(sampled).shape).toEqual([1, 4, 6, 8])
  })

  it('adds noise between the first and the last sigma', async () => {
    const noise = await make('RandomNoise', { noise_seed: 7 })
    const add = (sigmas: number[]) =>
      call('AddNoise', {
        ...{ model: TEST_MODEL, noise, sigmas: new NodeValue(sigmas), latent_image: latentOf(picture) },
      })
    const amount = (sigma: number) => combine([1, picture], [sigma / FACTOR, prepareBatchNoise(7n, SHAPE)])
    expect(maxDifference(samplesOf((await add([3, 2, 1]))[0]), amount(2))).toBeLessThan(1e-4)
    expect(maxDifference(samplesOf((await add([3]))[0]), amount(3))).toBeLessThan(1e-4)
    // Even at the very top, where a run would count the picture's own variance in.
    const { sigmaMax } = createModelSampling()
    expect(maxDifference(samplesOf((await add([sigmaMax]))[0]), amount(sigmaMax))).toBeLessThan(1e-3)
    expect(samplesOf((await add([]))[0])).toBe(picture)
  })

  it('enlarges while it samples with SamplerLCMUpscale', async () => {
    const sampler = await make('SamplerLCMUpscale', {
      ...{ scale_ratio: 1.5, scale_steps: 2, upscale_method: 'nearest-exact' },
    })
    const [sampled] = await advanced({ sampler })
    expect(samplesOf(sampled).shape).toEqual([2, 4, 9, 12])
    expect(calls.map(({ latent }) => latent.shape.slice(2).join('x'))).toEqual([
      '6x8',
      '8x10',
      '9x12',
      '9x12',
    ])
  })

  it('looks at the unconditional in CFG++ even where guidance does not', async () => {
    const sampler = await make('SamplerEulerCFGpp', { version: 'alternative' })
    const guider = await make('CFGGuider', { ...guided, cfg: 1 })
    await advanced({ sampler, guider })
    expect(calls.map(({ latent }) => latent.shape[0])).toEqual([4, 4, 4, 4])
  })

  it('is ordinary at ODE, and stochastic by its share otherwise, with SamplerER_SDE', async () => {
    const er = (solver_type: string, eta: number) =>
      make('SamplerER_SDE', { solver_type, max_stage: 3, eta, s_noise: 1 })
    const result = async (solver: string, eta: number, seed: number) =>
      samplesOf(
        (
          await advanced({
            sampler: await er(solver, eta),
            noise: await make('RandomNoise', { noise_seed: seed }),
          })
        )[0],
      )
    expect(await result('ODE', 1, 1)).toEqual(await result('Reverse-time SDE', 0, 1))
    expect(maxDifference(await result('ODE', 1, 1), await result('Reverse-time SDE', 1, 1))).toBeGreaterThan(
      0.1,
    )
  })

  it('runs SA-Solver within its window', async () => {
    const sa = (start: number, end: number) =>
      make('SamplerSASolver', {
        ...{ model: TEST_MODEL, eta: 1, sde_start_percent: start, sde_end_percent: end, s_noise: 1 },
        ...{ predictor_order: 3, corrector_order: 4, use_pece: false, simple_order_2: false },
      })
    const [usual] = await advanced({ sampler: await sa(0.2, 0.8) })
    const [named] = await advanced({ sampler: await make('KSamplerSelect', { sampler_name: 'sa_solver' }) })
    const [still] = await advanced({ sampler: await sa(0.5, 0.5) })
    expect(maxDifference(samplesOf(usual), samplesOf(named))).toBe(0)
    expect(maxDifference(samplesOf(usual), samplesOf(still))).toBeGreaterThan(0.1)
  })

  it('chooses its own steps with SamplerDPMAdaptative, more of them at finer tolerance', async () => {
    const count = async (rtol: number) => {
      calls = []
      const sampler = await make('SamplerDPMAdaptative', {
        ...{ order: 3, rtol, atol: 0.0078, h_init: 0.05, pcoeff: 0, icoeff: 1, dcoeff: 0 },
        ...{ accept_safety: 0.81, eta: 0, s_noise: 1 },
      })
      await advanced({ sampler })
      return calls.length
    }
    expect(await count(0.005)).toBeGreaterThan(await count(0.05))
  })

  it('takes another order with SamplerLMS', async () => {
    const [first] = await advanced({ sampler: await make('SamplerLMS', { order: 1 }) })
    const [euler] = await advanced({ sampler: await make('KSamplerSelect', { sampler_name: 'euler' }) })
    const [fourth] = await advanced({ sampler: await make('SamplerLMS', { order: 4 }) })
    expect(maxDifference(samplesOf(first), samplesOf(euler))).toBeLessThan(1e-4)
    expect(maxDifference(samplesOf(first), samplesOf(fourth))).toBeGreaterThan(1e-3)
  })

  it('applies a latent operation to the guidance, and to the prediction alone where nothing guides', async () => {
    const operation = new NodeValue((latent: Tensor) => scale(0.5, latent))
    const model = await make('LatentApplyOperationCFG', { model: TEST_MODEL, operation })
    const sampler = await make('KSamplerSelect', { sampler_name: 'euler' })
    const guider = (cfg: number, change: Record<string, NodeArgument> = {}) =>
      make('CFGGuider', { ...guided, cfg, ...change })
    const [halved] = await advanced({ sampler, guider: await guider(4, { model }) })
    const [weaker] = await advanced({ sampler, guider: await guider(2) })
    expect(maxDifference(samplesOf(halved), samplesOf(weaker))).toBeLessThan(1e-3)
    const [lone] = await advanced({ sampler, guider: await guider(1, { model }) })
    const [plain] = await advanced({ sampler, guider: await guider(1) })
    expect(maxDifference(samplesOf(lone), samplesOf(plain))).toBeGreaterThan(0.1)
  })
})
