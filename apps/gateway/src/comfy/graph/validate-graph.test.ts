import { parseExactJson, toPlain, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { findNodeDefinition } from '@atelier/catalog/nodes'
import { describe, expect, it } from 'vitest'
import { RequestFault } from '../request-fault.ts'
import type { GraphEnvironment } from './graph-environment.ts'
import { validateGraph, type CheckedGraph } from './validate-graph.ts'

const environment: GraphEnvironment = {
  findDefinition: findNodeDefinition,
  choices: (source) => (source === 'checkpoints' ? ['a.safetensors'] : ['cat.png']),
  fileExists: (reference) => reference === 'cat.png',
}

interface Node {
  class_type?: unknown
  inputs?: unknown
}

/** A picture that is inverted and shown; nodes may be replaced. */
function graph(changes: Record<string, Node> = {}): Record<string, Node> {
  return {
    load: { class_type: 'LoadImage', inputs: { image: 'cat.png' } },
    invert: { class_type: 'ImageInvert', inputs: { image: ['load', 0] } },
    show: { class_type: 'PreviewImage', inputs: { images: ['invert', 0] } },
    ...changes,
  }
}

function validate(prompt: unknown, targets?: ExactValue) {
  return validateGraph(parseExactJson(JSON.stringify(prompt)), targets, environment)
}

/** The errors of a node as `[type, details]`. */
function errorsOf(verdict: { nodeErrors: ExactObject }, nodeId: string): unknown {
  const entry = toPlain(verdict.nodeErrors) as Record<string, { errors: { type: string; details: string }[] }>
  return entry[nodeId]?.errors.map(({ type, details }) => [type, details])
}

describe('validateGraph', () => {
  it('accepts a good graph and names its outputs and what they need, in the order of the graph', () => {
    const verdict = validate(graph({ spare: { class_type: 'EmptyImage' } })) as CheckedGraph
    expect(verdict.outputNodeIds).toEqual(['show'])
    expect(verdict.usedNodeIds).toEqual(['load', 'invert', 'show'])
    expect(verdict.nodeErrors.size).toBe(0)
  })

  it('converts literals in place and unwraps wrapped ones', () => {
    const verdict = validate({
      1: {
        class_type: 'EmptyImage',
        inputs: { width: '32', height: 16.9, batch_size: true, color: { __value__: 7 } },
      },
      2: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    }) as CheckedGraph
    const node = verdict.graph.get('1') as ExactObject
    expect(toPlain(node.get('inputs')!)).toEqual({ width: 32, height: 16, batch_size: 1, color: 7 })
  })

  it('follows links of inputs the class does not declare', () => {
    const verdict = validate(
      graph({
        extra: { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
        show: { class_type: 'PreviewImage', inputs: { images: ['invert', 0], also: ['extra', 0] } },
      }),
    ) as CheckedGraph
    expect(verdict.usedNodeIds).toEqual(['load', 'invert', 'show', 'extra'])
  })

  it('keeps the faults of a node that is part of a cycle', () => {
    const verdict = validate({
      a: {
        class_type: 'ImageScaleBy',
        inputs: { image: ['b', 0], upscale_method: 'bilinear', scale_by: 99 },
      },
      b: { class_type: 'ImageInvert', inputs: { image: ['a', 0] } },
      out: { class_type: 'PreviewImage', inputs: { images: ['a', 0] } },
    })
    expect(errorsOf(verdict, 'a')).toEqual([['value_bigger_than_max', 'scale_by']])
    expect(errorsOf(verdict, 'b')).toBeUndefined()
  })

  it('rejects a chain without end instead of exhausting the stack', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, i): [string, Node] => [
        `n${i}`,
        { class_type: 'ImageInvert', inputs: { image: [`n${i + 1}`, 0] } },
      ]),
    )
    const verdict = validate({ ...chain, out: { class_type: 'PreviewImage', inputs: { images: ['n0', 0] } } })
    expect(verdict).toHaveProperty('error')
  })

  it('reports an input file that is a link, a number or missing as Python would', () => {
    const withImage = (image: unknown) =>
      validate(graph({ load: { class_type: 'LoadImage', inputs: { image } } }))
    const type = 'exception_during_inner_validation'
    expect(errorsOf(withImage(5), 'load')).toEqual([[type, "'int' object has no attribute 'endswith'"]])
    expect(errorsOf(withImage(['invert', 0]), 'load')).toEqual([
      [type, "'NoneType' object has no attribute 'endswith'"],
    ])
    for (const noLink of [['invert', 0, 0], []])
      expect(errorsOf(withImage(noLink), 'load')).toEqual([
        [type, "'list' object has no attribute 'endswith'"],
      ])
    expect(errorsOf(validate(graph({ load: { class_type: 'LoadImage', inputs: {} } })), 'load')).toEqual([
      [type, "LoadImage.VALIDATE_INPUTS() missing 1 required positional argument: 'image'"],
    ])
  })

  it.each([
    [[['x'], 0], "unhashable type: 'list'"],
    [[{}, 0], "unhashable type: 'dict'"],
    [[null, 0], 'None'],
    [[1.5, 0], '1.5'],
    [["it's", 0], '"it\'s"'],
    [['invert', 1], 'tuple index out of range'],
    [['invert', -2], 'tuple index out of range'],
    [['invert', 0.0001], 'tuple indices must be integers or slices, not float'],
    [['invert', null], 'tuple indices must be integers or slices, not NoneType'],
  ])('reports the link %j', (link, details) => {
    const verdict = validate(graph({ show: { class_type: 'PreviewImage', inputs: { images: link } } }))
    expect(errorsOf(verdict, 'show')).toEqual([['exception_during_validation', details]])
  })

  it.each([
    [1, 'list index out of range'],
    ['0', 'list indices must be integers or slices, not str'],
  ])('reports the slot %j of a class of the newer schema', (slot, details) => {
    const prompt = graph({
      empty: {
        class_type: 'EmptySD3LatentImage',
        inputs: { width: 64, height: 64, batch_size: 1 },
      },
      show: { class_type: 'PreviewAny', inputs: { source: ['empty', slot] } },
    })
    expect(errorsOf(validate(prompt), 'show')).toEqual([['exception_during_validation', details]])
  })

  it('takes true for the slot 1 and counts negative slots from the end', () => {
    expect(
      validate(graph({ invert: { class_type: 'ImageInvert', inputs: { image: ['load', -2] } } })),
    ).toHaveProperty('graph')
    const mask = validate(graph({ invert: { class_type: 'ImageInvert', inputs: { image: ['load', true] } } }))
    expect(errorsOf(mask, 'invert')).toEqual([
      ['return_type_mismatch', 'image, received_type(MASK) mismatch input_type(IMAGE)'],
    ])
  })

  it('refuses a link where a choice is expected', () => {
    const inputs = { image: ['load', 0], upscale_method: ['load', 0], scale_by: 1 }
    const verdict = validate(graph({ invert: { class_type: 'ImageScaleBy', inputs } }))
    expect(errorsOf(verdict, 'invert')).toEqual([
      [
        'return_type_mismatch',
        "upscale_method, received_type(IMAGE) mismatch input_type(['nearest-exact', 'bilinear', 'area', 'bicubic', 'lanczos'])",
      ],
    ])
  })

  it('leaves choices of classes of the newer schema to the node, but for links of another type', () => {
    const inputs = { version: 'other' }
    const verdict = validate({
      1: { class_type: 'SamplerEulerCFGpp', inputs },
      2: { class_type: 'PreviewAny', inputs: { source: ['1', 0] } },
    })
    expect(toPlain(verdict.nodeErrors)).toEqual({})
    const linked = validate({
      1: { class_type: 'SamplerEulerCFGpp', inputs: { version: ['3', 0] } },
      2: { class_type: 'PreviewAny', inputs: { source: ['1', 0] } },
      3: { class_type: 'RandomNoise', inputs: { noise_seed: 1 } },
    })
    expect(errorsOf(linked, '1')).toEqual([
      ['return_type_mismatch', 'version, received_type(NOISE) mismatch input_type(COMBO)'],
    ])
  })

  it('compares 64-bit integers with their limits exactly', () => {
    const sampler = findNodeDefinition('KSampler')!
    expect(sampler.inputs.required?.['seed']?.options?.['max']).toBe(2n ** 64n - 1n)
    const seedOf = (seed: string) =>
      validateGraph(
        parseExactJson(`{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": ${seed}}},
          "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}}`),
        undefined,
        environment,
      )
    expect(seedOf('16777215')).toHaveProperty('graph')
    expect(errorsOf(seedOf('16777216'), '1')).toEqual([['value_bigger_than_max', 'color']])
  })

  it.each<[string, unknown]>([
    ['a number', 5],
    ['a list with something in it', [1]],
    ['a text', 'x'],
    ['nothing', null],
    ['a node that is a number', { 1: 5 }],
    ['a node whose class is a list', { 1: { class_type: [] } }],
    ['a text that talks of class_type', { 1: 'class_type' }],
  ])('fails as the original does on %s', (_what, prompt) => {
    expect(() => validate(prompt)).toThrow(RequestFault)
  })

  it.each([[[]], [''], [{}]])('finds no outputs in %j', (prompt) => {
    const verdict = validate(prompt) as { error: ExactObject }
    expect(verdict.error.get('type')).toBe('prompt_no_outputs')
  })

  it.each<[ExactValue, boolean]>([
    [['show'], true],
    [['other'], false],
    ['show me', true],
    [new Map([['show', 1n]]), true],
    [null, true],
  ])('restricts outputs to targets (case %#)', (targets, runs) => {
    expect('graph' in validate(graph(), targets)).toBe(runs)
  })

  it('fails on targets that are a number', () => {
    expect(() => validate(graph(), 5n)).toThrow(RequestFault)
  })
})
