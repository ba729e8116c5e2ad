import { describe, expect, it } from 'vitest'
import { adapter } from '../adapters/test-kit.ts'
import { unpackTinyCheckpoint } from '../test-kit.ts'
import { openCheckpoint } from './checkpoint-source.ts'
import { deriveModel } from './derive-model.ts'

const sd1 = openCheckpoint(unpackTinyCheckpoint())
const withFamily = (family: 'sd1' | 'sdxl' | 'sdxl-refiner') => ({
  ...sd1,
  detected: { ...sd1.detected, family },
})

describe('adapters of a checkpoint', () => {
  it('change the parts of the model that they have layers of', () => {
    const { changes } = deriveModel(sd1, [adapter('kohya', 1), adapter('norm', 1)], 'webui')
    expect([...changes.keys()].sort()).toEqual(['clip_l', 'denoiser'])
    expect([...changes.get('denoiser')!.keys()]).toHaveLength(4)
  })

  it('that were made for another family are refused where they do not fit', () => {
    expect(() => deriveModel(sd1, [adapter('sdxl_kohya_ldm_names', 1)], 'webui')).toThrow(
      'the LoRA sdxl_kohya_ldm_names was made for sdxl, not for this sd1 checkpoint: sdxl_kohya_ldm_names: ',
    )
  })

  it('that were made for another family and fit are applied', () => {
    const { remarks } = deriveModel(withFamily('sdxl'), [adapter('kohya', 1)], 'webui')
    expect(remarks.size).toBe(0)
  })

  it('of SDXL go on in its refiner with what fits, and the rest is told', () => {
    const { remarks } = deriveModel(withFamily('sdxl-refiner'), [adapter('sdxl_kohya_ldm_names', 1)], 'webui')
    expect([...remarks.values()].flat()).toHaveLength(2)
  })
})
