import { beforeEach, describe, expect, it } from 'vitest'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import type { NetworkInputs } from '../guidance.ts'
import { createModelSampling } from '../model-sampling.ts'
import { createComposer, type Composer } from './compose.ts'
import type { GuidingEntry } from './guiding-entry.ts'
import { resolveLists, type EntryScope } from './resolve-lists.ts'

const model = createModelSampling()
/** A prompt the network below answers with its number. */
const tokens = (value: number) => createTensor([1, 77, 1], new Float32Array(77).fill(value))
const latentOf = (height: number, width: number, images = 1) => createTensor([images, 1, height, width])
const resolve = (scopes: readonly [number, EntryScope][], shape: readonly number[]) =>
  resolveLists(
    { positive: scopes.map(([value, scope]) => ({ content: { tokens: tokens(value) }, scope })) },
    { shape, model },
  )['positive']!

describe('a composer', () => {
  let calls: NetworkInputs[]
  let compose: Composer
  beforeEach(() => {
    calls = []
    compose = createComposer({
      network: async (inputs) => {
        calls.push(inputs)
        const size = inputs.latent.data.length / inputs.latent.shape[0]!
        const answers = inputs.latent.data.map((_, i) => inputs.context.data[Math.floor(i / size) * 77]!)
        return createTensor(inputs.latent.shape, answers)
      },
      prediction: 'x0',
      plan: { timestepOf: (sigma) => 10 * sigma },
    })
  })
  const predict = async (entries: readonly GuidingEntry[], latent: Tensor, sigma = 1) =>
    (await compose([entries], { latent, sigma, call: 0 }))[0]!

  it('gives one entry’s prediction as it is', async () => {
    const latent = latentOf(1, 2)
    expect([...(await predict(resolve([[7, {}]], latent.shape), latent)).data]).toEqual([7, 7])
    expect([...calls[0]!.timesteps]).toEqual([10])
  })

  it('takes the mean of entries in the same place, by strength', async () => {
    const latent = latentOf(1, 1)
    const entries = resolve(
      [
        [1, {}],
        [5, { strength: 3 }],
      ],
      latent.shape,
    )
    expect((await predict(entries, latent)).data[0]).toBeCloseTo(4, 6)
    expect(calls).toHaveLength(1)
  })

  it('shows ControlNets the texts that are for them, and the network the others', async () => {
    const latent = latentOf(1, 1, 2)
    const seen: number[][] = []
    const controls: GuidingEntry['controls'] = {
      evaluate: async ({ context }) => {
        seen.push([...context.data.filter((_, i) => i % 77 === 0)])
        return undefined
      },
    }
    const lists = resolveLists(
      {
        positive: [
          { content: { tokens: tokens(1), controlTokens: tokens(5), controls }, scope: {} },
          { content: { tokens: tokens(2), controls }, scope: {} },
        ],
      },
      { shape: latent.shape, model },
    )
    await predict(lists['positive']!, latent)
    expect(seen).toEqual([
      [5, 5],
      [2, 2],
    ])
    expect(calls.map(({ context }) => context.data[0])).toEqual([1, 2])
  })

  it('asks only the cells of an area, and fades where the area ends inside the latent', async () => {
    const latent = latentOf(4, 16)
    const area = { top: 0, left: 8, height: 4, width: 8 }
    const entries = resolve(
      [
        [0, {}],
        [1, { area }],
      ],
      latent.shape,
    )
    const { data } = await predict(entries, latent)
    expect(calls.map((inputs) => inputs.latent.shape)).toEqual([
      [1, 1, 4, 16],
      [1, 1, 4, 8],
    ])
    // A quarter of the side fades: weights 1/2, then 1, against the weight 1 of the whole picture.
    expect(data[7]).toBe(0)
    expect(data[8]).toBeCloseTo(1 / 3, 6)
    expect([...data.slice(9, 16)].every((value) => Math.abs(value - 1 / 2) < 1e-6)).toBe(true)
  })

  it('fades at most eight cells of a wide area, on both inner edges', async () => {
    const latent = latentOf(1, 60)
    const entries = resolve(
      [
        [0, {}],
        [1, { area: { top: 0, left: 10, height: 1, width: 40 } }],
      ],
      latent.shape,
    )
    const { data } = await predict(entries, latent)
    const share = (weight: number) => weight / (1 + weight)
    const edge = [1, 2, 3, 4, 5, 6, 7, 8].map((cell) => share(cell / 8))
    edge.forEach((value, cell) => {
      expect(data[10 + cell]).toBeCloseTo(value, 6)
      expect(data[49 - cell]).toBeCloseTo(value, 6)
    })
  })

  it('cuts what lies outside the latent off an area', async () => {
    const latent = latentOf(8, 8)
    const entries = resolve([[3, { area: { top: 6, left: 0, height: 8, width: 20 } }]], latent.shape)
    await predict(entries, latent)
    expect(calls[0]!.latent.shape).toEqual([1, 1, 2, 8])
  })

  it('weighs by a mask brought to the latent’s size, without fading', async () => {
    const latent = latentOf(2, 4)
    const mask = createTensor([1, 4, 8], new Float32Array(32))
    for (let i = 0; i < 32; i += 1) if (i % 8 >= 4) mask.data[i] = 1
    const entries = resolve(
      [
        [2, {}],
        [4, { mask, maskStrength: 0.5 }],
      ],
      latent.shape,
    )
    const { data } = await predict(entries, latent)
    const inside = (2 + 4 * 0.5) / 1.5
    ;[2, 2, inside, inside].forEach((value, x) => expect(data[x]).toBeCloseTo(value, 6))
  })

  it('gives each image of a batch its own mask, and a single mask to all', async () => {
    const latent = latentOf(1, 1, 2)
    const mask = createTensor([2, 1, 1], Float32Array.of(1, 0))
    const own = resolve(
      [
        [2, {}],
        [4, { mask }],
      ],
      latent.shape,
    )
    const { data } = await predict(own, latent)
    expect([data[0], data[1]]).toEqual([3, 2])
  })

  it('leaves entries out before and after their share of the run', async () => {
    const latent = latentOf(1, 1)
    const entries = resolve(
      [
        [1, { startPercent: 0, endPercent: 0.5 }],
        [2, { startPercent: 0.5, endPercent: 1 }],
      ],
      latent.shape,
    )
    const half = model.atPercent(0.5)
    expect((await predict(entries, latent, half * 1.01)).data[0]).toBe(1)
    expect((await predict(entries, latent, half * 0.99)).data[0]).toBe(2)
    // At the border both guide.
    expect((await predict(entries, latent, half)).data[0]).toBeCloseTo(1.5, 6)
  })

  it('predicts zero where nothing guides', async () => {
    const latent = createTensor([1, 1, 1, 2], Float32Array.of(5, 5))
    const late = resolve([[1, { startPercent: 0.5 }]], latent.shape)
    expect([...(await predict(late, latent, 14)).data]).toEqual([0, 0])
    expect(calls).toEqual([])
    expect([...(await predict(resolve([[9, { strength: 0 }]], latent.shape), latent)).data]).toEqual([0, 0])
  })

  it('asks entries of other token counts apart', async () => {
    const latent = latentOf(1, 1)
    const [entry] = resolve([[1, {}]], latent.shape)
    const long = { ...entry!, tokens: createTensor([1, 154, 1], new Float32Array(154).fill(1)) }
    await predict([entry!, long], latent)
    expect(calls.map(({ context }) => context.shape[1])).toEqual([77, 154])
  })
})

describe('resolveLists', () => {
  const shape = [1, 4, 10, 20]
  const area = { top: 0, left: 0, height: 4, width: 10 }
  const entry = (value: number, scope: EntryScope) => ({ content: { tokens: tokens(value) }, scope })

  it('rounds shares to cells, halves to even, sides to one cell at least', () => {
    const [, share] = resolve(
      [
        [1, {}],
        [2, { area: { height: 0.25, width: 0.01, top: 0.25, left: 0.75, isShare: true } }],
      ],
      shape,
    )
    expect(share!.area).toEqual({ height: 2, width: 1, top: 2, left: 15 })
  })

  it('bounds an area by its mask, eight cells at least', () => {
    const mask = createTensor([1, 10, 20])
    mask.data[2 * 20 + 3] = 1
    mask.data[4 * 20 + 15] = 0.1
    const [bound] = resolve([[1, { mask, isBoundByMask: true }]], shape)
    expect(bound!.area).toEqual({ top: 2, left: 3, height: 8, width: 13 })
    const [empty] = resolve([[1, { mask: createTensor([10, 20]), isBoundByMask: true }]], shape)
    expect(empty!.area).toEqual({ top: 0, left: 0, height: 8, width: 8 })
  })

  it('gives the other role an entry of the same area, with the tokens of the smallest one around it', () => {
    const wide = { top: 0, left: 0, height: 8, width: 20 }
    const { positive, negative } = resolveLists(
      {
        positive: [entry(1, { area, strength: 0.5 })],
        negative: [entry(2, {}), entry(3, { area: wide }), entry(4, { area: { ...area, left: 10 } })],
      },
      { shape, model },
    )
    const made = negative!.find((other) => other.area?.left === 0 && other.area.width === 10)
    expect([made?.tokens.data[0], made?.strength]).toEqual([3, 0.5])
    // And back: the positive has nothing around the wide area, so nothing is made for it.
    expect(positive).toHaveLength(1)
  })

  it('makes no second entry of an area the other role has', () => {
    const { negative } = resolveLists(
      { positive: [entry(1, { area })], negative: [entry(2, { area }), entry(3, {})] },
      { shape, model },
    )
    expect(negative).toHaveLength(2)
  })
})
