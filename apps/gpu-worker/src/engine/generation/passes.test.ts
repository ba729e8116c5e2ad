import { fileURLToPath } from 'node:url'
import { RefinerPasses, ModelFile } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { openGenerationKit, pixelsOf, smallJob, smallSampling, TINY, TINY_AGAIN } from './test-kit.ts'

const DEMO = { ...TINY, name: 'demo.safetensors', identity: 'demo' }
const demoPath = fileURLToPath(new URL('../../../../../models/demo/demo.safetensors', import.meta.url))
const kit = openGenerationKit([ModelFile.fromPartial({ ...DEMO, path: demoPath })])
afterAll(() => kit.close())

const hires = (changes: object = {}) => ({
  ...{ width: 96, height: 80, strength: 0.5, prompt: 'a dog', negativePrompt: '' },
  upscaler: { name: 'Latent' },
  sampling: smallSampling({ steps: 3 }),
  ...changes,
})

describe('a second pass', () => {
  it.each(['Latent', 'Latent (bicubic antialiased)', 'Lanczos', 'Nearest'])(
    'brings the picture to its size with %s',
    async (name) => {
      const outcome = await kit.run(smallJob({ hires: hires({ upscaler: { name } }) }))
      expect(await pixelsOf(outcome)).toMatchObject({ width: 96, height: 80 })
      expect(outcome.files[0]!.file).toMatchObject({ width: 96, height: 80 })
    },
  )

  it('cuts what exceeds the wanted size, the odd column at the right', async () => {
    const whole = await pixelsOf(await kit.run(smallJob({ hires: hires({ strength: 0 }) })))
    const cut = await pixelsOf(
      await kit.run(smallJob({ hires: hires({ strength: 0, cropColumns: 3, cropRows: 2 }) })),
    )
    expect(cut).toMatchObject({ width: 96 - 24, height: 80 - 16 })
    expect(whole).toMatchObject({ width: 96, height: 80 })
  })

  it('tells all its steps as a pass of its own', async () => {
    const told: string[] = []
    await kit.run(smallJob({ hires: hires() }), {
      onEvent: (event) => {
        if (event.$case === 'jobStart') told.push(`passes ${event.value.passCount}`)
        if (event.$case === 'stepProgress')
          told.push(`${event.value.passIndex}: ${event.value.step}/${event.value.totalSteps}`)
      },
    })
    expect(told).toEqual([
      ...['passes 2', '0: 0/4', '0: 1/4', '0: 2/4', '0: 3/4', '0: 4/4'],
      ...['1: 0/3', '1: 1/3', '1: 2/3', '1: 3/3'],
    ])
  })

  it('has prompts, a sampler and a checkpoint of its own', async () => {
    const plain = await pixelsOf(await kit.run(smallJob({ hires: hires() })))
    const others = [
      hires({ prompt: 'a house' }),
      hires({ sampling: smallSampling({ steps: 3, sampler: 'euler_ancestral' }) }),
      hires({ checkpoint: DEMO }),
    ]
    for (const other of others) {
      const changed = await pixelsOf(await kit.run(smallJob({ hires: other })))
      expect(changed.data.equals(plain.data)).toBe(false)
    }
    const again = await pixelsOf(await kit.run(smallJob({ hires: hires({ checkpoint: TINY_AGAIN }) })))
    expect(again.data.equals(plain.data)).toBe(true)
  })

  it('is left out when the first one is interrupted', async () => {
    const outcome = await kit.run(smallJob({ hires: hires() }), {
      onEvent: (event, { cancel }) => {
        if (event.$case === 'stepProgress' && event.value.step === 2) cancel()
      },
    })
    expect(outcome.kind).toBe('interrupted')
    expect(await pixelsOf(outcome)).toMatchObject({ width: 64, height: 64 })
  })

  it('ends with the enlarged picture when the first one is skipped, and the next batch is whole', async () => {
    const images = [5n, 6n].map((seed) => ({ prompt: 'a cat', negativePrompt: '', seed }))
    const steps: number[] = []
    const outcome = await kit.run(smallJob({ images, hires: hires() }), {
      onEvent: (event, { skip }) => {
        if (event.$case !== 'stepProgress' || event.value.step === 0) return
        steps.push(event.value.passIndex)
        if (event.value.step === 2 && event.value.passIndex === 0) skip()
      },
    })
    expect(steps).toEqual([0, 0, 2, 2, 2, 2, 3, 3, 3])
    expect(outcome).toMatchObject({ kind: 'done', files: [{ file: { width: 96 } }, { file: { width: 96 } }] })
  })
})

describe('a refiner', () => {
  const refiner = (changes: object = {}) => ({ checkpoint: DEMO, switchAt: 0.5, bySteps: false, ...changes })
  const picture = async (changes: object) => (await pixelsOf(await kit.run(smallJob(changes)))).data

  it('of the same weights changes nothing', async () => {
    const plain = await picture({})
    expect((await picture({ refiner: refiner({ checkpoint: TINY_AGAIN }) })).equals(plain)).toBe(true)
  })

  it('takes over at its share of the way', async () => {
    const all = await Promise.all(
      [0, 0.3, 0.6, 1].map((switchAt) => picture({ refiner: refiner({ switchAt }) })),
    )
    const plain = await picture({})
    // Four steps at timesteps 999, 666, 333 and 0: shares 0, 0.333, 0.666 and 0.999.
    expect(all.map((one) => one.equals(plain))).toEqual([false, false, false, true])
    expect(new Set(all.map((one) => one.toString('base64'))).size).toBe(4)
  })

  it('counts steps where that is asked for', async () => {
    const bySteps = await picture({ refiner: refiner({ switchAt: 0.25, bySteps: true }) })
    // The second of four evaluations is the first with a quarter behind it; by timesteps it is the one after 0.25 too.
    expect(bySteps.equals(await picture({ refiner: refiner({ switchAt: 0.25 }) }))).toBe(true)
    const late = await picture({ refiner: refiner({ switchAt: 0.7, bySteps: true }) })
    expect(late.equals(await picture({ refiner: refiner({ switchAt: 0.7 }) }))).toBe(true)
  })

  it('acts in the passes it is meant for', async () => {
    const run = (passes: RefinerPasses) =>
      picture({ hires: hires(), refiner: refiner({ passes, switchAt: 0 }) })
    const plain = await picture({ hires: hires() })
    const [first, second, both] = await Promise.all([
      run(RefinerPasses.REFINER_PASSES_FIRST),
      run(RefinerPasses.REFINER_PASSES_SECOND),
      run(RefinerPasses.REFINER_PASSES_BOTH),
    ])
    expect(new Set([plain, first, second, both].map((one) => one.toString('base64'))).size).toBe(4)
    // The second pass alone with the refiner from its start is the second pass with that checkpoint.
    expect(second.equals(await picture({ hires: hires({ checkpoint: DEMO }) }))).toBe(true)
  })
})

describe('tiling', () => {
  it('changes the picture and keeps its size', async () => {
    const [plain, tiled] = [await kit.run(smallJob()), await kit.run(smallJob({ tiling: true }))]
    const [a, b] = [await pixelsOf(plain), await pixelsOf(tiled)]
    expect(b).toMatchObject({ width: 64, height: 64 })
    expect(a.data.equals(b.data)).toBe(false)
  })
})

describe('tiles of attentions', () => {
  const hyperTile = {
    ...{ firstPass: true, secondPass: true, denoiserDepth: 3, denoiserTile: 128, denoiserSwap: 3 },
    ...{ decoder: true, decoderTile: 128, decoderSwap: 3 },
  }
  const pixelsWith = async (changes: object) => (await pixelsOf(await kit.run(smallJob(changes)))).data
  const large = { width: 256, height: 256 }

  it('are the same every time, and make another picture than whole attentions', async () => {
    const [once, again, whole] = [
      await pixelsWith({ ...large, hyperTile }),
      await pixelsWith({ ...large, hyperTile }),
      await pixelsWith(large),
    ]
    expect(again.equals(once)).toBe(true)
    expect(whole.equals(once)).toBe(false)
  })

  it('may be those of the second pass alone', async () => {
    const second = hires({ width: 256, height: 256 })
    const ofSecond = { ...hyperTile, firstPass: false, decoder: false }
    const [tiled, whole] = [
      await pixelsWith({ hires: second, hyperTile: ofSecond }),
      await pixelsWith({ hires: second }),
    ]
    expect(whole.equals(tiled)).toBe(false)
    expect((await pixelsWith({ hyperTile: ofSecond })).equals(await pixelsWith({}))).toBe(true)
  })

  it('go with merged tokens', async () => {
    const sampling = smallSampling({ tokenMergingRatio: 0.5 })
    const merged = await pixelsWith({ ...large, hyperTile, sampling })
    expect(merged.equals(await pixelsWith({ ...large, sampling }))).toBe(false)
  })
})
