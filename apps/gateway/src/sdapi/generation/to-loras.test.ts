import { toExact, type ExactObject, type ExactValue, type PlainValue } from '@atelier/catalog/exact-json'
import { ModelFile, ModelKind } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import type { ModelIndex } from '../../models/model-index.ts'
import type { GenerationPlan } from './generation-plan.ts'
import { findLora } from '../lists/loras.ts'
import { listLoraParameters } from '../parameters/lora-parameters.ts'
import { TXT2IMG_FIELDS } from '../request/generation-fields.data.ts'
import { GenerationRequest } from '../request/generation-request.ts'
import { validateFields } from '../request/validate.ts'
import { RECORDED_MODELS } from '../test-kit/recorded-world.ts'
import { findLoras, toLoras, withOptionLora } from './to-loras.ts'

const lora = (name: string, metadata: Record<string, string> = {}, contentSha256 = '') =>
  ModelFile.fromPartial({
    ...{ kind: ModelKind.MODEL_KIND_LORA, name, identity: `id of ${name}`, metadata, contentSha256 },
  })
const indexOf = (files: readonly ModelFile[]): ModelIndex => ({
  list: (kind) => files.filter((file) => file.kind === kind),
  find: (kind, name) => files.find((file) => file.kind === kind && file.name === name),
  workers: () => [],
  whenKnown: async () => true,
})
const models = indexOf(RECORDED_MODELS)
const requestOf = (body: Record<string, PlainValue>) =>
  new GenerationRequest(validateFields(toExact(body) as ExactObject, TXT2IMG_FIELDS))
const plain = requestOf({ prompt: '' })
const summary = (prompt: string, request = plain, index = models) =>
  findLoras({ prompt, request }, index).map(
    ({ file, name, textStrength, denoiserStrength, rankLimit }) =>
      `${name}=${file.name} ${textStrength} ${denoiserStrength}${rankLimit === undefined ? '' : ` /${rankLimit}`}`,
  )

describe('LoRAs of a prompt', () => {
  it('are found by name and by the alias in the file, in the order of their tags', () => {
    expect(summary('<lora:plain lora, v1:1> x <lora:TinyAlias:0.5:0.7>')).toEqual([
      'plain lora, v1=plain lora, v1.safetensors 1 1',
      'TinyAlias=tinylora.safetensors 0.5 0.7',
    ])
  })

  it.each([
    ['<lora:tinylora:0.5:0.7:4>', ['tinylora=tinylora.safetensors 0.5 0.7 /4']],
    ['<lora:tinylora:dyn=2:te=0.1>', ['tinylora=tinylora.safetensors 0.1 0.1 /2']],
    ['<lora:tinylora:1:1:1.5>', []],
    ['<lora:nothere:1>', []],
    ['<lora:TINYLORA:1>', []],
    ['<lora:plain lora, v1:1><lora:tinylora:abc>', []],
  ])('%s: %j', (prompt, expected) => {
    expect(summary(prompt)).toEqual(expected)
  })

  it('that are named twice act twice, with the strengths told last', () => {
    expect(summary('<lora:tinylora:0.2> <lora:tinylora:0.9:0.1>')).toEqual([
      'tinylora=tinylora.safetensors 0.9 0.1',
      'tinylora=tinylora.safetensors 0.9 0.1',
    ])
  })

  it('are none when the request switches them off', () => {
    const off = requestOf({ prompt: '', disable_extra_networks: true })
    expect(summary('<lora:tinylora:1>', off)).toEqual([])
  })

  it('become references to files in a job', () => {
    expect(toLoras({ prompt: '<lora:tinylora:0.5::3>', request: plain }, models)).toEqual([])
    expect(toLoras({ prompt: '<lora:tinylora:0.5:1:3>', request: plain }, models)).toEqual([
      {
        file: {
          kind: ModelKind.MODEL_KIND_LORA,
          name: 'tinylora.safetensors',
          identity: 'identity of tinylora.safetensors',
        },
        ...{ textStrength: 0.5, denoiserStrength: 1, rankLimit: 3 },
      },
    ])
  })
})

describe('names of LoRAs', () => {
  const files = [
    lora('a.safetensors', { ss_output_name: 'shared' }),
    lora('sub/b.safetensors', { ss_output_name: 'shared' }),
    lora('c.safetensors', { ss_output_name: 'a' }),
    lora('d.safetensors', { ss_output_name: 'None' }),
  ]

  it.each([
    ['a', 'a.safetensors'],
    ['b', 'sub/b.safetensors'],
    ['shared', undefined],
    ['None', undefined],
    ['d', 'd.safetensors'],
    ['e', undefined],
  ])('%s means %s', (name, expected) => {
    expect(findLora(indexOf(files), name)?.name).toBe(expected)
  })
})

describe('the always-on script "LoRA"', () => {
  const scripts = (args: PlainValue) => requestOf({ prompt: '', alwayson_scripts: { LoRA: { args } } })

  it('names files with or without extension, and their strength', () => {
    const request = scripts([
      { lora_name: 'tinylora.safetensors', weight: 0.8 },
      { lora_name: 'sub/plain lora, v1' },
    ])
    expect(summary('', request)).toEqual([
      'tinylora=tinylora.safetensors 0.8 0.8',
      'plain lora, v1=plain lora, v1.safetensors 1 1',
    ])
  })

  it('adds to the tags of the prompt', () => {
    const request = scripts([{ lora_name: 'tinylora', weight: 0.8 }])
    expect(summary('<lora:plain lora, v1:0.5>', request)).toHaveLength(2)
  })

  it.each([
    [[1, 'x', null]],
    [[{ weight: 1 }]],
    [[{ lora_name: 'tinylora', weight: 'much' }]],
    ['text'],
    [{}],
  ])('passes over arguments of other kinds: %j', (args) => {
    expect(summary('', scripts(args as PlainValue))).toEqual([])
  })
})

describe('the infotext', () => {
  const parameters = (prompt: string, more: object = {}, index = models) =>
    listLoraParameters(
      {
        ...{ prompt, hiresPrompt: prompt, request: plain, isImageToImage: false },
        options: new Map<string, ExactValue>([['lora_add_hashes_to_infotext', true]]),
        ...more,
      } as unknown as GenerationPlan,
      index,
    )

  it('names LoRAs as they were asked for, without colons and commas, and 12 digits of their hashes', () => {
    expect(parameters('x <lora:TinyAlias:0.5:0.7><lora:plain lora, v1:1>')).toEqual([
      { key: 'Lora hashes', value: 'TinyAlias: 3ed740e83dae, plain lora v1: 3ed740e83dae' },
    ])
  })

  it('prefers the hash that the trainer wrote into the file', () => {
    const own = indexOf([
      lora('x.safetensors', { sshs_model_hash: `abcdef012345${'0'.repeat(52)}` }, 'f'.repeat(64)),
    ])
    expect(parameters('<lora:x:1>', {}, own)).toEqual([{ key: 'Lora hashes', value: 'x: abcdef012345' }])
  })

  it('leaves out files that are not there or not hashed yet, and all of them when an option says so', () => {
    expect(parameters('<lora:nothere:1>')).toEqual([])
    expect(parameters('<lora:x:1>', {}, indexOf([lora('x.safetensors')]))).toEqual([])
    const off = new Map<string, ExactValue>([['lora_add_hashes_to_infotext', false]])
    expect(parameters('<lora:tinylora:1>', { options: off })).toEqual([])
  })

  it('names those of a second pass too', () => {
    const request = requestOf({ prompt: '', enable_hr: true })
    const hiresPrompt = '<lora:TinyAlias:1>'
    expect(parameters('<lora:tinylora:1>', { request, hiresPrompt })).toEqual([
      { key: 'Lora hashes', value: 'tinylora: 3ed740e83dae, TinyAlias: 3ed740e83dae' },
    ])
  })
})

describe('the option sd_lora', () => {
  const options = (name: string) =>
    new Map<string, ExactValue>([
      ['sd_lora', name],
      ['extra_networks_default_multiplier', 0.7],
    ])

  it('puts a tag behind prompts that do not name its LoRA', () => {
    const of = (prompt: string, name = 'tinylora', request = plain) =>
      withOptionLora({ prompt, request }, options(name), models)
    expect(of('a cat')).toBe('a cat<lora:tinylora:0.7>')
    expect(of('a cat <lora:tinylora:0.2>')).toBe('a cat <lora:tinylora:0.2>')
    expect(of('a cat', 'None')).toBe('a cat')
    expect(of('a cat', 'nothere')).toBe('a cat')
    expect(of('a cat', 'tinylora', requestOf({ prompt: '', disable_extra_networks: true }))).toBe('a cat')
  })
})
