import { describe, expect, it } from 'vitest'
import { indexOf } from '../test-kit/plan-request.ts'
import { RECORDED_MODELS } from '../test-kit/recorded-world.ts'
import { parseLine } from './prompt-line.ts'

const parse = (line: string) => parseLine(line, indexOf(RECORDED_MODELS))
const asPrompt = (line: string) => ({ fields: { prompt: line } })

// `cmdargs` of A1111 1.10.1's "Prompts from file or textbox"; a line that it fails on is taken for a prompt.
describe('a line of prompts', () => {
  it.each(['a cat', '-steps 3', 'a - b', ''])('without options is a prompt: "%s"', (line) => {
    expect(parse(line)).toEqual(asPrompt(line))
  })

  it.each([
    ['--steps 7', { steps: 7n }],
    ['--steps +7 --seed -1', { steps: 7n, seed: -1n }],
    [
      '--width 64 --height 128 --batch_size 2 --n_iter 3',
      { width: 64n, height: 128n, batch_size: 2n, n_iter: 3n },
    ],
    ['--cfg_scale 7.5 --subseed_strength .25', { cfg_scale: 7.5, subseed_strength: 0.25 }],
    ['--restore_faces true --tiling yes', { restore_faces: true, tiling: false }],
    ['--seed 18446744073709551615', { seed: 18446744073709551615n }],
  ])('sets fields: %s', (line, fields) => {
    expect(parse(line)).toEqual({ fields })
  })

  // The original takes each letter for a style's name.
  it('names styles with commas between them', () => {
    expect(parse('--styles "Moody, Wrap"')).toEqual({ fields: { styles: ['Moody', 'Wrap'] } })
  })

  it('joins the words of a prompt up to the next option', () => {
    expect(parse('--prompt a red  "big  fox" --negative_prompt dull grey --steps 3')).toEqual({
      fields: { prompt: 'a red big  fox', negative_prompt: 'dull grey', steps: 3n },
    })
  })

  it.each([
    ['Euler a', 'Euler a'],
    ['EULER A', 'Euler a'],
    ['k_euler_a', 'Euler a'],
    ['nonsense', null],
  ])('names a sampler in any case, or by another name: "%s"', (name, sampler) => {
    expect(parse(`--sampler_name "${name}"`)).toEqual({ fields: { sampler_name: sampler } })
  })

  it.each(['tiny-b', 'sub/tiny-b.safetensors', 'fb5742bc6f'])('names a checkpoint: %s', (name) => {
    expect(parse(`--sd_model ${name} --steps 3`)).toEqual({
      fields: { steps: 3n },
      checkpoint: 'sub/tiny-b.safetensors',
    })
  })

  it('passes over what says nothing to a server', () => {
    expect(parse('--outpath_samples /tmp --outpath_grids x --sampler_index 3 --steps 3')).toEqual({
      fields: { steps: 3n },
    })
  })

  it.each([
    ['an option without a value', '--steps'],
    ['a word that belongs to no option', '--steps 3 more'],
    ['an option that is not there', '--nonsense 1'],
    ['a number that is none', '--steps many'],
    ['a fraction for a whole number', '--steps 3.5'],
    ['a checkpoint that is not there', '--sd_model nope'],
    ['a quotation that does not end', '--prompt "a cat'],
  ])('with %s is a prompt as it stands', (_, line) => {
    expect(parse(line)).toEqual(asPrompt(line))
  })
})
