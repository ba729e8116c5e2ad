import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countVaeLevels, toLdmVaeName } from './vae-names.ts'
import { detectUnetLayout, toLdmUnetName } from './unet-names.ts'

/** Diffusers' names of tensors and those of the same bytes in the single file Diffusers converted them from. */
type NamePairs = Readonly<Record<string, string>>
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/names.json', import.meta.url), 'utf8'),
) as Record<'sd1' | 'sdxl', { unet: NamePairs; vae: NamePairs }>

const namesOf = (pairs: NamePairs) => new Map(Object.keys(pairs).map((name) => [name, undefined]))

describe.each(['sd1', 'sdxl'] as const)('names of %s', (family) => {
  it('turn into those of the original UNet', () => {
    const pairs = recorded[family].unet
    const layout = detectUnetLayout(namesOf(pairs))
    const renamed = Object.keys(pairs).map((name) => [name, toLdmUnetName(name, layout)])
    expect(Object.fromEntries(renamed)).toEqual(pairs)
  })

  it('turn into those of the original autoencoder', () => {
    const pairs = recorded[family].vae
    const levels = countVaeLevels(namesOf(pairs))
    expect(levels).toBe(4)
    const renamed = Object.keys(pairs).map((name) => [name, toLdmVaeName(name, levels)])
    expect(Object.fromEntries(renamed)).toEqual(pairs)
  })
})

describe('toLdmVaeName', () => {
  it.each([
    ['query', 'q'],
    ['key', 'k'],
    ['value', 'v'],
    ['proj_attn', 'proj_out'],
  ])('knows the older name %s', (old, original) => {
    const name = `encoder.mid_block.attentions.0.${old}.weight`
    expect(toLdmVaeName(name, 4)).toBe(`encoder.mid.attn_1.${original}.weight`)
  })
})

describe('toLdmUnetName', () => {
  it('takes the class embedding of unCLIP for the label embedding', () => {
    const layout = { blocksPerLevel: 3, attendedUpLevels: new Set<number>() }
    expect(toLdmUnetName('class_embedding.linear_1.weight', layout)).toBe('label_emb.0.0.weight')
  })
})
