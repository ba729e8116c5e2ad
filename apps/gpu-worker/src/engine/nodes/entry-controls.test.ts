import { ModelKind, type ModelRef } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import type { ControlNetwork } from '../control/control-network.ts'
import { guideByScale } from '../denoise/composition/guiders.ts'
import type { NetworkInputs } from '../denoise/guidance.ts'
import { createModelSampling } from '../denoise/model-sampling.ts'
import type {
  ConditioningEntry,
  ConditioningValue,
  ControlLink,
  NodeContext,
} from '../node-graph/node-context.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { openEntryControls } from './entry-controls.ts'

const refOf = (name: string): ModelRef => ({ kind: ModelKind.MODEL_KIND_CONTROL_NET, name, identity: name })
const checkpoint = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'sd.safetensors', identity: 'sd' }
const sampling = createModelSampling()

/** Networks that add their own number to the middle, and what they were asked. */
function openNetworks(numbers: Readonly<Record<string, number>>, hintMultiple = 8) {
  const asked: { name: string; base: ModelRef | undefined; hint?: Tensor }[] = []
  let held = 0
  const useControl = async (ref: ModelRef, base: ModelRef | undefined) => {
    const number = numbers[ref.name]
    if (number === undefined) throw new Error(`no ${ref.name}`)
    held += 1
    const network: ControlNetwork = {
      ...{ name: ref.name, isConstant: false, hintMultiple, hintChannels: 3 },
      ...{ unionTypes: 0, poolsGlobally: false },
      evaluate: async ({ latent }, hint) => {
        asked.push({ name: ref.name, base, hint })
        return {
          middle: createTensor([latent.shape[0]!, 1, 1, 1], new Float32Array(latent.shape[0]!).fill(number)),
        }
      },
    }
    return { value: network, done: () => void (held -= 1) }
  }
  const context = { models: { useControl } } as unknown as NodeContext
  return { context, asked, held: () => held }
}

const link = (name: string, more: Partial<ControlLink> = {}): ControlLink => ({
  ...{ network: { control: refOf(name) }, image: createTensor([1, 32, 48, 3]), strength: 1 },
  ...{ startPercent: 0, endPercent: 1, previous: undefined, ...more },
})
const entry = (more: Partial<ConditioningEntry> = {}): ConditioningEntry => ({
  tokens: createTensor([1, 77, 4]),
  ...more,
})
const guider = (positive: ConditioningValue, negative: ConditioningValue) => ({
  model: { checkpoint },
  conditionings: { positive, negative },
  rule: guideByScale(7),
})
const inputs = (height: number, width: number): NetworkInputs => ({
  ...{ latent: createTensor([2, 4, height, width]), timesteps: new Float32Array(2) },
  context: createTensor([2, 77, 4]),
})
const at = (sigma: number) => ({ images: [0, 1], sigma, call: 0 })

describe('ControlNets on entries', () => {
  it('are added, each with its strength, those put on first included', async () => {
    const { context, asked } = openNetworks({ a: 10, b: 1 })
    const control = link('b', { strength: 0.5, previous: link('a') })
    const { of } = await openEntryControls(guider([entry({ control })], [entry()]), sampling, context)
    const added = await of(entry({ control }))!.evaluate(inputs(8, 8), at(1))
    expect([...added!.control!['middle']!.data]).toEqual([10.5, 10.5])
    expect(asked.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  it('see their picture at eight times the size of what is drawn, or the next size they can take', async () => {
    const { context, asked } = openNetworks({ a: 1 }, 16)
    const control = link('a')
    const { of } = await openEntryControls(guider([entry({ control })], []), sampling, context)
    for (const [height, width] of [
      [8, 8],
      [5, 7],
    ] as const)
      await of(entry({ control }))!.evaluate(inputs(height, width), at(1))
    expect(asked.map(({ hint }) => hint!.shape)).toEqual([
      [2, 3, 64, 64],
      [2, 3, 48, 64],
    ])
  })

  it('act between the sigmas of their shares of the run', async () => {
    const { context } = openNetworks({ a: 1 })
    const control = link('a', { startPercent: 0.2, endPercent: 0.6 })
    const { of } = await openEntryControls(guider([entry({ control })], []), sampling, context)
    const acts = async (sigma: number) =>
      (await of(entry({ control }))!.evaluate(inputs(8, 8), at(sigma))) !== undefined
    const [first, last] = [sampling.atPercent(0.2), sampling.atPercent(0.6)]
    expect(await Promise.all([first * 1.01, first, last, last * 0.99].map(acts))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })

  it('for differences are put together with the checkpoint that is sampled, or the one they name', async () => {
    const { context, asked } = openNetworks({ a: 1, b: 1 })
    const base = { ...checkpoint, name: 'base.safetensors' }
    const control = link('b', { network: { control: refOf('b'), base }, previous: link('a') })
    const { of } = await openEntryControls(guider([entry({ control })], []), sampling, context)
    await of(entry({ control }))!.evaluate(inputs(8, 8), at(1))
    expect(asked.map((one) => one.base?.name)).toEqual(['sd.safetensors', 'base.safetensors'])
  })

  it('are the same for entries with one link, so that their evaluations are joined', async () => {
    const { context } = openNetworks({ a: 1 })
    const control = link('a')
    const { of } = await openEntryControls(
      guider([entry({ control })], [entry({ control })]),
      sampling,
      context,
    )
    expect(of(entry({ control }))).toBe(of(entry({ control })))
    expect(of(entry())).toBeUndefined()
  })

  it('are let go when the run ends, and when another one cannot be loaded', async () => {
    const { context, held } = openNetworks({ a: 1 })
    const opened = await openEntryControls(guider([entry({ control: link('a') })], []), sampling, context)
    expect(held()).toBe(1)
    opened.done()
    expect(held()).toBe(0)
    const broken = link('missing', { previous: link('a') })
    await expect(
      openEntryControls(guider([entry({ control: broken })], []), sampling, context),
    ).rejects.toThrow('no missing')
    expect(held()).toBe(0)
  })
})

describe('ControlNets for all halves', () => {
  const control = link('a')
  const shared = entry({ control, isControlForAll: true })
  const negativesOf = async (positive: ConditioningValue, negative: ConditioningValue) => {
    const { context } = openNetworks({ a: 1, b: 1 })
    const { conditionings } = await openEntryControls(guider(positive, negative), sampling, context)
    return conditionings['negative']!.map((one) => one.control?.network.control.name)
  }

  it('go to the negative entries that have none', async () => {
    expect(await negativesOf([shared], [entry()])).toEqual(['a'])
  })

  it('stay away where a negative entry has one of its own', async () => {
    expect(await negativesOf([shared], [entry({ control: link('b') }), entry()])).toEqual(['b', undefined])
  })

  it('leave entries with an area alone, and are not taken from them', async () => {
    const area = { top: 0, left: 0, height: 4, width: 4 }
    expect(await negativesOf([shared], [entry({ area })])).toEqual([undefined])
    expect(await negativesOf([entry({ ...shared, area })], [entry()])).toEqual([undefined])
  })

  it('that were put on both halves go nowhere else', async () => {
    expect(await negativesOf([entry({ control })], [entry()])).toEqual([undefined])
  })
})
