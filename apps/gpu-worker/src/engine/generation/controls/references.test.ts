import { ControlMode } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pixelsOf } from '../test-kit.ts'
import { openControlKit, PLAIN_UNIT } from './test-kit.ts'

const { inputs, run, draw, close } = openControlKit([])
afterAll(close)

beforeAll(async () => {
  const drawing = '<svg width="64" height="64"><circle cx="30" cy="34" r="20" fill="#c33"/></svg>'
  inputs.set('drawing', await sharp(Buffer.from(drawing)).flatten({ background: '#fff' }).png().toBuffer())
})

const unit = (module = 'reference_only', changes: object = {}) => ({
  ...PLAIN_UNIT,
  preprocessing: { module, resolution: 0, thresholdA: 0.5, thresholdB: 0, seed: 1 },
  ...changes,
})

describe('a picture that is referred to', () => {
  it('changes what is drawn, the same way for the same seed, and follows it', async () => {
    const outcome = await run([unit()])
    const { data } = await pixelsOf(outcome)
    expect(data.equals(await draw([]))).toBe(false)
    expect((await draw([unit()])).equals(data)).toBe(true)
    const given = await sharp(inputs.get('drawing')).removeAlpha().raw().toBuffer()
    expect((await pixelsOf(outcome, 1)).data.equals(given)).toBe(true)
  })

  it('acts otherwise by attention, by statistics, and in each mode', async () => {
    const units = [
      unit(),
      unit('reference_adain'),
      unit('reference_adain+attn'),
      unit('reference_only', { mode: ControlMode.CONTROL_MODE_PROMPT }),
      unit('reference_only', { mode: ControlMode.CONTROL_MODE_CONTROL }),
    ]
    const pictures: string[] = []
    for (const one of units) pictures.push((await draw([one])).toString('base64'))
    expect(new Set(pictures).size).toBe(units.length)
  })

  it('changes nothing outside its span', async () => {
    expect((await draw([unit('reference_only', { start: 0.9 })])).equals(await draw([]))).toBe(true)
  })

  it('gives an image of a batch what it gets alone', async () => {
    const images = [5n, 6n].map((seed) => ({ prompt: 'a cat', negativePrompt: '', seed, infotext: '' }))
    const both = await run([unit()], { images, batchSize: 2 })
    const alone = await run([unit()], { images: images.slice(1) })
    expect((await pixelsOf(both, 1)).data.equals((await pixelsOf(alone)).data)).toBe(true)
  })
})
