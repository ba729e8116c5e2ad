import { ModelFile, ModelKind } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import type { ModelIndex } from '../../models/model-index.ts'
import type { GenerationRequest } from '../request/generation-request.ts'
import { toHypernetworks, withOptionHypernetwork } from './to-hypernetworks.ts'

const files = ['style.pt', 'sub/other.safetensors'].map((name) =>
  ModelFile.fromPartial({
    kind: ModelKind.MODEL_KIND_HYPERNETWORK,
    name,
    identity: name,
    path: `/m/${name}`,
  }),
)
const models = {
  list: (kind: ModelKind) => files.filter((file) => file.kind === kind),
} as unknown as ModelIndex
const request = (disabled = false) => ({ flag: () => disabled }) as unknown as GenerationRequest
const find = (prompt: string, disabled = false) =>
  toHypernetworks({ prompt, request: request(disabled) }, models).map(({ file, strength }) => [
    file?.name,
    strength,
  ])

describe('hypernetworks of a prompt', () => {
  it('are those its tags name, in order, with their strengths', () => {
    expect(find('a <hypernet:other:0.5> cat <hypernet:style>')).toEqual([
      ['sub/other.safetensors', 0.5],
      ['style.pt', 1],
    ])
  })

  it('that no worker has are passed over', () => {
    expect(find('<hypernet:nowhere:1><hypernet:style:-2>')).toEqual([['style.pt', -2]])
  })

  it('are none where a strength is no number or networks are switched off', () => {
    expect(find('<hypernet:style:1><hypernet:other:much>')).toEqual([])
    expect(find('<hypernet:style:1>', true)).toEqual([])
  })
})

describe('the hypernetwork of the options', () => {
  const add = (prompt: string, name: string) =>
    withOptionHypernetwork(
      { prompt, request: request() },
      new Map<string, string | number>([
        ['sd_hypernetwork', name],
        ['extra_networks_default_multiplier', 0.75],
      ]),
      models,
    )

  it('is written behind the prompt, unless that names it', () => {
    expect(add('a cat', 'style')).toBe('a cat<hypernet:style:0.75>')
    expect(add('<hypernet:style:1> a cat', 'style')).toBe('<hypernet:style:1> a cat')
  })

  it('is none where no worker has it', () => {
    expect(add('a cat', 'None')).toBe('a cat')
    expect(add('a cat', 'gone')).toBe('a cat')
  })
})
