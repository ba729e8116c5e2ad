import { describe, expect, it } from 'vitest'
import { fromParameters, type KnownNames } from './from-parameters.ts'

const KNOWN: KnownNames = {
  checkpoints: [
    { name: 'demo', hash: 'aabbccddee' },
    { name: 'styles_paper', hash: '1122334455' },
  ],
  samplers: ['Euler a', 'DPM++ 2M'],
  schedules: ['Automatic', 'Karras'],
}
// As POST /sdapi/v1/png-info tells it: numbers are texts, absent values are filled in.
const PARAMETERS = {
  Prompt: 'a cat',
  'Negative prompt': 'blurry',
  Steps: '12',
  Sampler: 'DPM++ 2M',
  'Schedule type': 'Karras',
  'CFG scale': '6.5',
  Seed: '123456789012',
  'Size-1': '256',
  'Size-2': '192',
  'Model hash': 'aabbccddee',
  Model: 'demo',
  'Clip skip': '2',
  'Hires resize-1': 0,
  'Hires resize-2': 0,
}

describe('fromParameters', () => {
  it('fills the form with what a picture tells', () => {
    expect(fromParameters(PARAMETERS, KNOWN)).toEqual({
      settings: {
        ...{ prompt: 'a cat', negativePrompt: 'blurry', steps: 12, sampler: 'DPM++ 2M', schedule: 'Karras' },
        ...{ guidanceScale: 6.5, seed: 123456789012, width: 256, height: 192, checkpoint: 'demo' },
        ...{ clipSkip: 2, hires: false },
      },
      remarks: [],
    })
  })

  it('takes the strength for the pass it was told of', () => {
    const strength = { 'Denoising strength': '0.4' }
    expect(fromParameters({ ...PARAMETERS, ...strength }, KNOWN).settings).toMatchObject({ strength: 0.4 })
    const hires = { 'Hires upscale': '1.5', 'Hires upscaler': 'Latent', 'Hires steps': '6', ...strength }
    const { settings } = fromParameters({ ...PARAMETERS, ...hires }, KNOWN)
    expect(settings).toMatchObject({ hires: true, hiresScale: 1.5, hiresSteps: 6, hiresStrength: 0.4 })
    expect(settings).not.toHaveProperty('strength')
  })

  it('knows a checkpoint by its hash, else by its name, in a folder too', () => {
    const find = (Model: string, hash: string) =>
      fromParameters({ Model, 'Model hash': hash }, KNOWN).settings.checkpoint
    expect(find('renamed', '1122334455')).toBe('styles_paper')
    expect(find('paper', 'ffffffffff')).toBe('styles_paper')
  })

  it('says what is not here and leaves it as it is', () => {
    const { settings, remarks } = fromParameters({ Model: 'other', Sampler: 'Magic' }, KNOWN)
    expect(settings).toEqual({ hires: false })
    expect(remarks).toEqual(['The sampler “Magic” is not here.', 'The checkpoint “other” is not here.'])
  })
})
