import { toExact, type ExactValue, type PlainValue } from '@atelier/catalog/exact-json'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toRecordedOptions } from '../../test-kit/recorded-set.ts'
import { checkBody, toPlanInputs, type PlainBody, type RequestWorld } from '../../test-kit/plan-request.ts'
import { openTestGateway, type TestGateway } from '../../test-kit/test-gateway.ts'
import type { PlotNote } from '../grids/grid-note.ts'
import { planScript } from '../plan-script.ts'
import { listAxisLabels } from './axes.ts'
import { PLOT } from './plan-plot.ts'

interface Answer {
  readonly images: readonly string[]
  readonly info: string
}

const BASE = { prompt: 'a red fox', steps: 3, width: 64, height: 64, seed: 42 }
/** Arguments of an X/Y/Z plot without a legend that shows all its pictures. */
const plot = (axes: readonly unknown[]) => ({
  script_name: 'X/Y/Z plot',
  script_args: [
    ...[0, '', [], 0, '', [], 0, '', []].map((value, index) => axes[index] ?? value),
    ...[false, true, false, false, false, false, false, 0, false],
  ],
})

describe('an X/Y/Z plot', () => {
  let gateway: TestGateway
  beforeAll(async () => (gateway = await openTestGateway(toRecordedOptions('txt2img'))))
  afterAll(() => gateway.close())
  const draw = async (request: object): Promise<Answer & { status: number }> => {
    const response = await gateway.request('POST', '/sdapi/v1/txt2img', { ...BASE, ...request })
    return { ...((await response.json()) as Answer), status: response.status }
  }
  const infoOf = ({ info }: Answer) => JSON.parse(info) as Record<string, unknown> & { infotexts: string[] }

  // What A1111 1.10.1 answered to the same requests.
  it('of no values answers without pictures, with the request as it came', async () => {
    const answer = await draw({ ...plot([4, '']), seed: -1, styles: ['Moody'] })
    expect(answer).toMatchObject({ status: 200, images: [] })
    const unsettled = { all_prompts: ['a red fox'], seed: -1, all_seeds: [-1], subseed: -1, infotexts: [] }
    expect(infoOf(answer)).toMatchObject({ ...unsettled, styles: ['Moody'], sd_model_name: null })
    expect(infoOf(await draw(plot([4, '2', [], 6, ',']))).infotexts).toEqual([])
  })

  it('asks nothing of a field that an axis gives', async () => {
    const hires = { enable_hr: true, hr_scale: 1.5 }
    const { infotexts } = infoOf(await draw({ ...plot([25, '0.3,0.6']), ...hires }))
    expect(infotexts[1]).toContain('Denoising strength: 0.3')
    expect((await draw({ ...plot([4, '2']), ...hires })).status).toBe(500)
    expect((await draw({ ...plot([4, '2,3']), steps: null })).status).toBe(200)
  })
})

/** What the arguments behind the axes say. */
interface Switches {
  readonly keepsSeeds?: boolean
  readonly varies?: readonly [boolean, boolean, boolean]
  readonly takesTexts?: boolean
}

/** Axes by their labels, each with its values as text, in the order x, y, z. */
function planOf(
  axes: readonly (readonly [string, string])[],
  { keepsSeeds = false, varies = [false, false, false], takesTexts = true }: Switches = {},
  { body = {}, world = {} }: { readonly body?: PlainBody; readonly world?: RequestWorld } = {},
) {
  const places = listAxisLabels(world.isImageToImage ?? false)
  const named = [0, 1, 2].flatMap((index): PlainValue[] => {
    const [label, values] = axes[index] ?? ['Nothing', '']
    return [places.indexOf(label), values, []]
  })
  const args = [...named, true, true, true, keepsSeeds, ...varies, 0, takesTexts].map((value): ExactValue =>
    toExact(value),
  )
  const request = checkBody({ ...BASE, ...body }, world)
  const plan = planScript({ script: PLOT, args }, request, { ...toPlanInputs(world), source: undefined })
  return { ...plan, note: plan.answer.grid as PlotNote }
}

describe('the cells of a plot', () => {
  it('run along x first, then y, then z', () => {
    const { parts, names, note } = planOf([
      ['Steps', '2,3'],
      ['CFG Scale', '5,6'],
      ['Clip skip', '1,2'],
    ])
    expect(
      parts.map(({ steps, request, clipSkip }) => [steps, request.number('cfg_scale'), clipSkip]),
    ).toEqual([
      ...[
        [2, 5, 1],
        [3, 5, 1],
        [2, 6, 1],
        [3, 6, 1],
      ],
      ...[
        [2, 5, 2],
        [3, 5, 2],
        [2, 6, 2],
        [3, 6, 2],
      ],
    ])
    expect(note.cells).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(names[2]).toBe('3 out of 8')
  })

  // A1111 1.10.1 counts checkpoints as the slowest axis, then FP8 storage, VAEs and UniPC's order.
  it.each([
    [['Checkpoint name', 'tiny-a,tiny-b'], ['Steps', '2,3'], 'aabb'],
    [['Steps', '2,3'], ['Checkpoint name', 'tiny-a,tiny-b'], 'aabb'],
    [['VAE', 'None,tiny-vae.safetensors'], ['Checkpoint name', 'tiny-a,tiny-b'], 'aabb'],
    [['Checkpoint name', 'tiny-a,tiny-b'], ['Refiner checkpoint', 'None,tiny-b'], 'abab'],
  ] as const)('of %j and %j change checkpoints as %s', (x, y, expected) => {
    const { parts, names } = planOf([x, y])
    expect(parts.map(({ checkpoint }) => /tiny-(.)/.exec(checkpoint.name)?.[1]).join('')).toBe(expected)
    expect(names.toSorted()).toEqual([1, 2, 3, 4].map((number) => `${number} out of 4`))
  })

  it('fill every place of the grid once, whatever is slow', () => {
    const slow = ['Checkpoint name', 'VAE', 'UniPC Order', 'Steps'] as const
    const valuesOf = {
      'Checkpoint name': 'tiny-a,tiny-b',
      VAE: 'None,Automatic',
      'UniPC Order': '1,2',
      Steps: '2,3,4',
    }
    const three = fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(...slow))) as fc.Arbitrary<
      (typeof slow)[number][]
    >
    fc.assert(
      fc.property(three, (labels) => {
        const { note, parts } = planOf(labels.map((label) => [label, valuesOf[label]]))
        expect(note.cells.toSorted((a, b) => a - b)).toEqual(parts.map((_, index) => index))
      }),
      { numRuns: 30 },
    )
  })

  it('share seeds that are drawn once, and draw their own where seeds are kept', () => {
    const draws = {
      random: (() => {
        let next = 0
        return () => (next += 1) / 100
      })(),
    }
    const options = { body: { seed: -1 }, world: draws }
    const seedsOf = (switches: Switches) =>
      planOf([['Steps', '2,3']], switches, options).parts.map(({ seeds }) => seeds[0])
    const [first, second] = seedsOf({})
    expect(second).toBe(first)
    const [third, fourth] = seedsOf({ keepsSeeds: true })
    expect(third).not.toBe(fourth)
  })

  it('draw the seeds of an axis that names -1, and tell them', () => {
    const { parts, note } = planOf([['Seed', '-1,5']], {}, { world: { random: () => 0.5 } })
    expect(parts.map(({ seeds }) => seeds[0])).toEqual([2147483647n, 5n])
    expect(note.texts[0]).toContain('X Type: Seed, X Values: "-1,5", Fixed X Values: "2147483647, 5"')
    expect(planOf([['Seed', '-1,5']], { keepsSeeds: true }).note.texts[0]).not.toContain('Fixed X Values')
  })

  it('have seeds of their own where all axes vary them', () => {
    const count = fc.integer({ min: 1, max: 3 })
    const list = (length: number) => Array.from({ length }, (_, index) => index + 1).join(',')
    fc.assert(
      fc.property(count, count, count, (x, y, z) => {
        const axes = [
          ['Steps', list(x)],
          ['CFG Scale', list(y)],
          ['Clip skip', list(z)],
        ] as const
        const { parts } = planOf(axes, { varies: [true, true, true] })
        expect(parts.map(({ seeds }) => seeds[0])).toEqual(parts.map((_, index) => 42n + BigInt(index)))
      }),
    )
  })

  it.each([
    [
      [true, false, false],
      [42, 43, 42, 43, 42, 43, 42, 43],
    ],
    [
      [false, true, false],
      [42, 42, 43, 43, 42, 42, 43, 43],
    ],
    [
      [false, false, true],
      [42, 42, 42, 42, 43, 43, 43, 43],
    ],
    [
      [true, false, true],
      [42, 43, 42, 43, 44, 45, 44, 45],
    ],
  ] as const)('count seeds up along the axes %j alone', (varies, expected) => {
    const axes = [
      ['Steps', '2,3'],
      ['CFG Scale', '5,6'],
      ['Clip skip', '1,2'],
    ] as const
    expect(planOf(axes, { varies }).parts.map(({ seeds }) => Number(seeds[0]))).toEqual(expected)
  })

  it('hold one picture each where the options want no grids', () => {
    const body = { batch_size: 3 }
    const batches = (options: PlainBody) =>
      planOf([['Steps', '2']], {}, { body, world: { options } }).parts[0]?.batchSize
    expect([batches({}), batches({ return_grid: false })]).toEqual([3, 1])
  })
})

describe('what stands beside a plot', () => {
  it.each([
    ['Steps', '2,3', ['Steps: 2', 'Steps: 3']],
    ['CFG Scale', '7,7.25', ['CFG Scale: 7.0', 'CFG Scale: 7.25']],
    // numpy.arange(0.1, 0.3 + 0.1, 0.1) has four values, the third of which is 0.30000000000000004.
    ['Denoising', '0.1-0.3 (+0.1)', ['Denoising: 0.1', 'Denoising: 0.2', 'Denoising: 0.3', 'Denoising: 0.4']],
    ['Sampler', 'Euler a,Heun', ['Euler a', 'Heun']],
    ['Checkpoint name', 'sub/tiny-b.safetensors,tiny-a', ['tiny-b.safetensors', 'tiny-a']],
    ['Prompt order', 'red,fox', ['red, fox', 'fox, red']],
    ['Nothing', '', ['']],
  ])('is for %s of %s: %j', (label, values, expected) => {
    expect(
      planOf([
        [label, values],
        ['Steps', '4'],
      ]).note.x,
    ).toEqual(expected)
  })

  it('is told in the texts of the whole and of each grid', () => {
    const { note, info } = planOf([
      ['Steps', '2,3'],
      ['CFG Scale', '5,6'],
      ['Clip skip', '1,2'],
    ])
    const [whole, ...grids] = note.texts
    expect(whole).toContain('Z Type: Clip skip, Z Values: "1,2"')
    expect(grids.map((text) => [text.includes('Z Type'), text.includes('Clip skip: 2')])).toEqual([
      [false, false],
      [false, true],
    ])
    // The seeds of the grids along z stand before those of the cells.
    expect(info.get('all_seeds')).toHaveLength(2 + 8)
    expect(info.get('index_of_first_image')).toBe(1n)
  })
})
