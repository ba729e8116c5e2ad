import { describe, expect, it } from 'vitest'
import { findShares } from '../adapters/mix-weights.ts'
import { unpackTinyCheckpoint } from '../test-kit.ts'
import { partsOfCheckpoint } from './adaptable-parts.ts'
import { openCheckpoint } from './checkpoint-source.ts'
import { mixParts } from './mix-models.ts'

const source = openCheckpoint(unpackTinyCheckpoint())
const parts = (name: string, family: 'sd1' | 'sdxl' = 'sd1') => ({
  ...partsOfCheckpoint(source, name),
  family,
})
const HALF = { own: 0.5, other: 0.5 }
const everything = { part: 'denoiser', rule: [['', HALF]] } as const

/** Parts in which a tensor has another shape. */
function reshaped(name: string, pattern: RegExp) {
  const tensors = [...source.file.tensors].map(
    ([tensor, entry]) =>
      [tensor, pattern.test(tensor) ? { ...entry, shape: [1, ...entry.shape] } : entry] as const,
  )
  const file = { ...source.file, tensors: new Map(tensors) }
  return { ...partsOfCheckpoint({ ...source, file }, name), family: 'sd1' as const }
}

describe('mixtures of models', () => {
  it('of different families are refused, naming both files and families', () => {
    const mix = () =>
      mixParts(parts('a.ckpt'), { parts: parts('b.ckpt', 'sdxl'), changes: undefined }, everything)
    expect(mix).toThrow('a.ckpt and b.ckpt cannot be mixed: the first is sd1, the second sdxl')
  })

  it('tell which weights have other shapes', () => {
    const other = reshaped('b.ckpt', /diffusion_model\.out\.2\./)
    const { changes, remarks } = mixParts(parts('a.ckpt'), { parts: other, changes: undefined }, everything)
    expect(remarks).toEqual([
      expect.stringContaining(
        'b.ckpt: 2 weights have other shapes and are not mixed in: model.diffusion_model.out.2.',
      ),
    ])
    expect(changes.get('denoiser')!.has('model.diffusion_model.out.2.weight')).toBe(true)
  })

  it('that share no weight are refused', () => {
    const mix = () =>
      mixParts(parts('a.ckpt'), { parts: reshaped('b.ckpt', /./), changes: undefined }, everything)
    expect(mix).toThrow('a.ckpt and b.ckpt cannot be mixed: they share no weights of denoisers of one shape')
  })

  it('leave the parts alone that are not asked for', () => {
    const mixed = mixParts(
      parts('a'),
      { parts: parts('b'), changes: undefined },
      {
        ...everything,
        part: 'texts',
      },
    )
    expect([...mixed.changes.keys()]).toEqual(['clip_l'])
  })
})

describe('shares of a mixture', () => {
  it('are those of the longest beginning that fits', () => {
    const rule = [
      ['', { own: 0.1, other: 0.9 }],
      ['input_blocks.1', { own: 0.2, other: 0.8 }],
      ['input_blocks.1.0', { own: 0.3, other: 0.7 }],
    ] as const
    const own = (name: string) => findShares(rule, name)?.own
    expect(['input_blocks.1.0.x', 'input_blocks.1.1.x', 'out.2.bias'].map(own)).toEqual([0.3, 0.2, 0.1])
    expect(findShares(rule.slice(1), 'out.2.bias')).toBeUndefined()
  })
})
