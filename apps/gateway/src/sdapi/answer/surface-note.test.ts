import type { ExactValue } from '@atelier/catalog/exact-json'
import { JobResult, RunEvent } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { tellInfo } from './surface-note.ts'

const { RUN_EVENT_NEGATIVE_SKIPPED: SKIPPED, RUN_EVENT_REFINED: REFINED } = RunEvent
const keysAfter = (result: JobResult | undefined) => {
  const parameters = new Map<string, ExactValue>([
    ...([['Eta', 0.5]] as const),
    ...(['NGMS', 'Refiner', 'Refiner switch at'] as const).map((key): [string, ExactValue] => [key, 1n]),
    ['Extra noise', 0.1],
  ])
  const told = new Map<string, ExactValue>([
    ['NGMS', BigInt(SKIPPED)],
    ['Refiner', BigInt(REFINED)],
    ['Refiner switch at', BigInt(REFINED)],
  ])
  const info = new Map<string, ExactValue>([['extra_generation_params', parameters]])
  const after = tellInfo({ info, told }, { result }).get('extra_generation_params')
  return [...(after as Map<string, ExactValue>).keys()]
}

describe('tellInfo', () => {
  it.each([
    [[], ['Eta', 'Extra noise']],
    [[SKIPPED], ['Eta', 'NGMS', 'Extra noise']],
    [
      [REFINED, SKIPPED],
      ['Eta', 'Refiner', 'Refiner switch at', 'NGMS', 'Extra noise'],
    ],
  ])('tells of the run what it came upon, in the order it did: %j', (runEvents, keys) => {
    expect(keysAfter(JobResult.fromPartial({ infotexts: ['told'], runEvents }))).toEqual(keys)
  })

  it('tells all of it of runs that say nothing', () => {
    const all = ['Eta', 'NGMS', 'Refiner', 'Refiner switch at', 'Extra noise']
    expect(keysAfter(undefined)).toEqual(all)
    expect(keysAfter(JobResult.fromPartial({}))).toEqual(all)
  })
})
