import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { ModelStore } from '../models/model-store.ts'
import type { ConditioningValue, LatentValue, ModelValue } from '../node-graph/node-context.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference, openFixture, unpackTinyCheckpoint } from '../test-kit.ts'
import { callNode, networkContext, NodeValue, type NodeArgument } from './test-kit/call-node.ts'

// What ComfyUI's own nodes sampled with the tiny SD1 checkpoint taken for a rectified flow.
const here = new URL('__fixtures__/', import.meta.url)
const recorded = openFixture(new URL('flow-samplings.safetensors', here))
const prompts = openFixture(new URL('guided-samplings.safetensors', here))
const [source, noiseMask] = [recorded.tensor('source'), recorded.tensor('mask')]
const empty = createTensor([2, 4, 8, 8])

const checkpoint = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'tiny', identity: 'tiny' }
const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
})
models.setFiles([ModelFile.fromPartial({ ...checkpoint, path: unpackTinyCheckpoint() })])
const context = { ...networkContext(null as never), models }
afterAll(() => models.clear())

type Args = Readonly<Record<string, NodeArgument>>

async function call(name: string, args: Args): Promise<NodeValue> {
  return new NodeValue((await callNode(name, args, context))[0])
}

const sampleOf = ({ value }: NodeValue): Tensor => (value as LatentValue).samples
const latentOf = (value: LatentValue) => new NodeValue(value)
const conditioning = (name: string) =>
  new NodeValue([{ tokens: prompts.tensor(name) }] satisfies ConditioningValue)
const both = { positive: conditioning('positive'), negative: conditioning('negative') }
const flow = (name: string, args: Args) =>
  call(name, { model: new NodeValue({ checkpoint } satisfies ModelValue), ...args })

const sd3 = () => flow('ModelSamplingSD3', { shift: 3 })
const shifts = { max_shift: 2.05, base_shift: 0.95 }

interface Case {
  readonly name: string
  readonly model: () => Promise<NodeValue>
  readonly latent: LatentValue
  readonly args: Args
}

const cases: readonly Case[] = [
  {
    ...{ name: 'sd3', model: sd3, latent: { samples: empty } },
    args: { seed: 5, cfg: 6, sampler_name: 'euler', scheduler: 'normal', denoise: 1 },
  },
  {
    name: 'auraflow',
    model: () => flow('ModelSamplingAuraFlow', { shift: 1.73 }),
    latent: { samples: empty },
    args: { seed: 6, cfg: 3, sampler_name: 'dpmpp_2m', scheduler: 'simple', denoise: 1 },
  },
  {
    name: 'flux',
    model: () => flow('ModelSamplingFlux', { max_shift: 1.15, base_shift: 0.5, width: 1024, height: 512 }),
    latent: { samples: empty },
    args: { seed: 7, cfg: 3, sampler_name: 'euler_ancestral', scheduler: 'beta', denoise: 1 },
  },
  {
    name: 'masked',
    model: () => flow('ModelSamplingLTXV', { ...shifts, latent: latentOf({ samples: source }) }),
    latent: { samples: source, noiseMask },
    args: { seed: 8, cfg: 3, sampler_name: 'euler', scheduler: 'simple', denoise: 0.7 },
  },
  {
    name: 'ltxv-plain',
    model: () => flow('ModelSamplingLTXV', shifts),
    latent: { samples: source },
    args: { seed: 8, cfg: 3, sampler_name: 'dpmpp_2m_sde', scheduler: 'simple', denoise: 0.7 },
  },
]

describe('a model taken for a rectified flow', () => {
  it.each(cases)('samples what the original does: $name', async ({ name, model, latent, args }) => {
    const inputs = { ...both, latent_image: latentOf(latent), steps: 4, ...args }
    const sampled = await call('KSampler', { model: await model(), ...inputs })
    expect(maxDifference(sampleOf(sampled), recorded.tensor(name))).toBeLessThan(2e-3)
  })

  it('takes out the picture’s share of what is left noisy', async () => {
    const sampled = await call('KSamplerAdvanced', {
      ...{ model: await sd3(), ...both, latent_image: latentOf({ samples: source }) },
      ...{ add_noise: 'enable', noise_seed: 9, steps: 5, cfg: 3, sampler_name: 'euler', scheduler: 'normal' },
      ...{ start_at_step: 1, end_at_step: 3, return_with_leftover_noise: 'enable' },
    })
    expect(maxDifference(sampleOf(sampled), recorded.tensor('leftover'))).toBeLessThan(2e-3)
  })

  it('has noise mixed into its latents', async () => {
    const noised = await call('AddNoise', {
      ...{ model: await sd3(), noise: await call('RandomNoise', { noise_seed: 11 }) },
      sigmas: new NodeValue([0.75, 0.5, 0.25]),
      latent_image: latentOf({ samples: source }),
    })
    expect(maxDifference(sampleOf(noised), recorded.tensor('noised'))).toBeLessThan(1e-5)
  })
})
