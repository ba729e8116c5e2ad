import type { PlainValue } from '@atelier/catalog/exact-json'
import { describe, expect, it } from 'vitest'
import { scale } from '../denoise/combine.ts'
import { prepareBatchNoise } from '../denoise/noise/batch-noise.ts'
import { listKsamplerSigmas } from '../denoise/plan-comfy.ts'
import {
  readRecordings,
  toTensor,
  worstDistance,
  worstRelative,
  type RecordedTensor,
} from '../denoise/test-kit/read-recordings.ts'
import { inpaintMask, type ComfyRecording } from '../denoise/test-kit/recorded-comfy.ts'
import { MODELS } from '../denoise/test-kit/recorded-models.ts'
import type { SigmaNodeRecording } from '../denoise/test-kit/recorded-sigma-nodes.ts'
import type { LatentValue } from '../node-graph/node-context.ts'
import { createTensor } from '../tensor/tensor.ts'
import { ANALYTIC_CONDITIONINGS, createAnalyticNetwork } from './test-kit/analytic-network.ts'
import { callNode, networkContext, NodeValue, TEST_MODEL } from './test-kit/call-node.ts'

type Row = ComfyRecording & { readonly out: RecordedTensor }
const plans = new URL('../denoise/plan.ts', import.meta.url).href
const samplings = readRecordings<Row>('samplers-comfy.jsonl', plans)
const sigmaLists = readRecordings<SigmaNodeRecording>(
  'nodes.jsonl',
  new URL('../denoise/schedules/schedule.ts', import.meta.url).href,
)

/** Options that a sampler's own node leaves to the user; the recordings name some of them. */
const SAMPLER_NODES: Readonly<Record<string, [string, Readonly<Record<string, PlainValue>>]>> = {
  euler_ancestral: ['SamplerEulerAncestral', {}],
  dpmpp_2s_ancestral: ['SamplerDPMPP_2S_Ancestral', {}],
  dpmpp_sde: ['SamplerDPMPP_SDE', { r: 0.5, noise_device: 'gpu' }],
  dpmpp_2m_sde: ['SamplerDPMPP_2M_SDE', { solver_type: 'midpoint', noise_device: 'cpu' }],
  dpmpp_3m_sde: ['SamplerDPMPP_3M_SDE', { noise_device: 'cpu' }],
}

async function pickSampler({ sampler, options }: Row): Promise<NodeValue> {
  if (options === undefined) {
    const [picked] = await callNode('KSamplerSelect', { sampler_name: sampler })
    return new NodeValue(picked)
  }
  const [className, own] = SAMPLER_NODES[sampler]!
  const [made] = await callNode(className, { ...own, ...options })
  return new NodeValue(made)
}

/** Only what nodes can ask for: no churn, the plain model. */
const reachable = samplings.filter(
  ({ model = 'sd1', options, sampler }) =>
    model === 'sd1' && (options === undefined || SAMPLER_NODES[sampler] !== undefined),
)

async function sample(row: Row) {
  const { sampler, scheduler: schedule, steps, denoise, slice, out } = row
  const all = listKsamplerSigmas({ sampler, schedule, steps, denoise, model: MODELS['sd1']! })
  const samples =
    row.latent === true ? scale(0.5 / 0.18215, prepareBatchNoise(99n, out.shape)) : createTensor(out.shape)
  const noiseMask = row.inpaint === true ? inpaintMask(out.shape) : undefined
  const network = createAnalyticNetwork(row.model_sigmas)
  const [output] = await callNode(
    'SamplerCustom',
    {
      model: TEST_MODEL,
      add_noise: true,
      noise_seed: row.seed,
      cfg: 2.5,
      positive: ANALYTIC_CONDITIONINGS.conditional,
      negative: ANALYTIC_CONDITIONINGS.unconditional,
      sampler: await pickSampler(row),
      sigmas: new NodeValue(slice ? all.slice(...slice) : all),
      latent_image: new NodeValue({ samples, ...(noiseMask && { noiseMask }) } satisfies LatentValue),
    },
    networkContext(network.predict),
  )
  return { latent: scale(0.18215, (output as LatentValue).samples), calls: network.calls() }
}

describe('SamplerCustom', () => {
  it.each(reachable)('gives the original’s latent: $key', async (row) => {
    const { latent, calls } = await sample(row)
    expect(worstDistance(latent.data, toTensor(row.out).data)).toBeLessThan(1e-4 + 20 * row.spread)
    expect(calls).toBe(row.model_sigmas.length)
  })

  it('reaches most of the recorded samplings', () => {
    expect(reachable.length).toBeGreaterThan(0.7 * samplings.length)
  })
})

describe('nodes that make and change sigmas', () => {
  it.each(sigmaLists)('give the original’s: $node $args', async ({ node, args, out }) => {
    const values = Object.entries(args).map(([name, value]) => {
      if (name === 'places')
        return ['latent', new NodeValue({ samples: createTensor([1, 4, ...(value as number[])]) })]
      return [name, name === 'sigmas' ? new NodeValue(value) : (value as PlainValue)]
    })
    const outputs = await callNode(
      node,
      { model: TEST_MODEL, ...Object.fromEntries(values) },
      networkContext(async ({ latent }) => latent),
    )
    expect(outputs).toHaveLength(out.length)
    out.forEach((expected, slot) => {
      expect(worstRelative([outputs[slot] as number[]].flat(), [expected].flat())).toBeLessThan(1e-5)
    })
  })
})
