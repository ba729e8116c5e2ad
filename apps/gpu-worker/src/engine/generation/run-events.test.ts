import { ModelFile, RunEvent } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { unpackTinyCheckpoint } from '../test-kit.ts'
import { openGenerationKit, smallJob, smallSampling, TINY, TINY_AGAIN } from './test-kit.ts'

const { RUN_EVENT_NEGATIVE_SKIPPED: SKIPPED, RUN_EVENT_REFINED: REFINED, RUN_EVENT_PADDED: PADDED } = RunEvent
const toldEvents = [
  { event: SKIPPED, text: ', NGMS' },
  { event: REFINED, text: ', Refiner' },
  { event: PADDED, text: ', Pad conds' },
]
const LONG = 'a castle on a hill, '.repeat(20)

describe('what a run comes upon', () => {
  const kit = openGenerationKit()
  afterAll(() => kit.close())
  const run = async (changes: object, prompt = 'a cat') => {
    const images = [{ prompt, seed: 5n, infotext: 'cat\nSteps, NGMS, Refiner, Pad conds, Version' }]
    const { result } = (await kit.run(smallJob({ images, toldEvents, ...changes }))) as {
      result: { infotexts: string[]; runEvents: RunEvent[] }
    }
    return [result.infotexts[0], result.runEvents]
  }

  it('is left out of the infotext where it did not come', async () => {
    expect(await run({})).toEqual(['cat\nSteps, Version', []])
  })

  it('is the negative prompt left out below a sigma', async () => {
    // The only odd evaluation of three lies at sigma 1.6.
    const skipped = (sMinUncond: number) => run({ sampling: smallSampling({ steps: 3, sMinUncond }) })
    expect(await skipped(1.5)).toEqual(['cat\nSteps, Version', []])
    expect(await skipped(1.7)).toEqual(['cat\nSteps, NGMS, Version', [SKIPPED]])
  })

  it('is a refiner that took over, before what came later', async () => {
    const refined = (switchAt: number, sMinUncond = 0) =>
      run({
        refiner: { checkpoint: TINY_AGAIN, switchAt },
        sampling: smallSampling({ steps: 4, sMinUncond }),
      })
    expect(await refined(1)).toEqual(['cat\nSteps, Version', []])
    expect(await refined(0, 1)).toEqual(['cat\nSteps, Refiner, NGMS, Version', [REFINED, SKIPPED]])
  })

  it('is a refiner of another file, a copy too, and not the checkpoint itself', async () => {
    const refiner = (checkpoint: object) => ({ refiner: { checkpoint, switchAt: 0 } })
    const copies = openGenerationKit([
      ModelFile.fromPartial({ ...TINY, name: 'copy.safetensors', path: unpackTinyCheckpoint() }),
    ])
    const { result } = (await copies.run(smallJob(refiner({ ...TINY, name: 'copy.safetensors' })))) as {
      result: { runEvents: RunEvent[] }
    }
    await copies.close()
    expect(result.runEvents).toEqual([REFINED])
    expect((await run(refiner(TINY)))[1]).toEqual([])
  })

  it('is a prompt that was padded', async () => {
    const text = { clipSkip: 1, emphasis: 'Original', commaPaddingBacktrack: 20, padding: 1 }
    expect(await run({ text }, LONG)).toEqual(['cat\nSteps, Pad conds, Version', [PADDED]])
    expect(await run({ text })).toEqual(['cat\nSteps, Version', []])
  })
})
