import { parseExactJson, toPlain, type ExactObject } from '@atelier/catalog/exact-json'
import type { NodeDefinition } from '@atelier/catalog/nodes'
import { describe, expect, it } from 'vitest'
import type { GraphEnvironment } from './graph-environment.ts'
import { toErrorObject } from './graph-errors.ts'
import { PythonError } from './python-error.ts'
import { validateNode, type ValidationRun } from './validate-node.ts'

/** Classes of the test's own: sources of a type, a passage from one type to another, and one that takes several. */
const source = (className: string, ...types: string[]): NodeDefinition =>
  ({
    ...{ className, isOutput: false, inputs: {} },
    outputs: types.map((type) => ({ type, name: type })),
  }) as unknown as NodeDefinition
const taker = (className: string, type: string, more: object = {}): NodeDefinition =>
  ({
    ...{ className, isOutput: true, inputs: { required: { value: { type } } } },
    outputs: [{ type, name: 'out' }],
    ...more,
  }) as unknown as NodeDefinition

const CLASSES = [
  ...[source('Image', 'IMAGE', 'MASK'), source('Any', '*'), source('Union', 'IMAGE,MASK'), source('Nothing')],
  ...[taker('TakeImage', 'IMAGE'), taker('TakeAny', '*'), taker('TakeEither', 'LATENT, MASK')],
  ...[taker('TakeInt', 'INT'), source('Schema', 'IMAGE')],
  taker('Spare', 'IMAGE', { inputs: { required: {}, optional: { value: { type: 'IMAGE' } } } }),
]
const environment: GraphEnvironment = {
  findDefinition: (name) => {
    const found = CLASSES.find(({ className }) => className === name)
    return name === 'Schema' ? ({ ...found, isSchemaNode: true } as NodeDefinition) : found
  },
  choices: () => [],
  fileExists: () => false,
}

/** Nodes by id as `[class, value]`. */
function runOf(nodes: Readonly<Record<string, readonly [string, unknown?]>>): ValidationRun {
  const graph = Object.fromEntries(
    Object.entries(nodes).map(([id, [className, value]]) => [
      id,
      { class_type: className, inputs: value === undefined ? {} : { value } },
    ]),
  )
  return {
    graph: parseExactJson(JSON.stringify(graph)) as ExactObject,
    environment,
    verdicts: new Map(),
    chain: new Set(),
  }
}

const errorsOf = (nodes: Parameters<typeof runOf>[0], id = 'out') =>
  validateNode(runOf(nodes), id).errors.map(
    (error) => toPlain(toErrorObject(error)) as Record<string, unknown>,
  )
const typesOf = (nodes: Parameters<typeof runOf>[0]) => errorsOf(nodes).map(({ type }) => type)

describe('a link', () => {
  it.each([
    ['Image', 0, 'TakeImage', true],
    ['Image', 1, 'TakeImage', false],
    ['Image', 1, 'TakeAny', true],
    ['Any', 0, 'TakeImage', true],
    ['Union', 0, 'TakeImage', true],
    ['Image', 1, 'TakeEither', true],
    ['Image', 0, 'TakeEither', false],
    ['Union', 0, 'TakeEither', true],
    ['Image', -1, 'TakeEither', true],
    ['Image', -2, 'TakeImage', true],
    ['Image', false, 'TakeImage', true],
    ['Image', true, 'TakeEither', true],
  ] as const)('from %s at %s to %s: %s', (...row) => {
    const [from, slot, to, fits] = row
    const found = typesOf({ in: [from], out: [to, ['in', slot]] })
    expect(found).toEqual(fits ? [] : ['return_type_mismatch'])
  })

  it('of another type tells both types and where it comes from', () => {
    expect(errorsOf({ in: ['Image'], out: ['TakeEither', ['in', 0]] })).toMatchObject([
      {
        message: 'Return type mismatch between linked nodes',
        details: 'value, received_type(IMAGE) mismatch input_type(LATENT, MASK)',
        extra_info: { input_name: 'value', received_type: 'IMAGE', linked_node: ['in', 0] },
      },
    ])
  })

  it.each([[[]], [['in']], [['in', 0, 0]]])('of %j is none', (link) => {
    expect(errorsOf({ in: ['Image'], out: ['TakeImage', link] })).toMatchObject([
      { type: 'bad_linked_input', details: 'value', extra_info: { received_value: link } },
    ])
  })

  it.each([
    [['nowhere', 0], 'KeyError', "'nowhere'"],
    [[3, 0], 'KeyError', '3'],
    [[null, 0], 'KeyError', 'None'],
    [[[], 0], 'TypeError', "unhashable type: 'list'"],
    [[{}, 0], 'TypeError', "unhashable type: 'dict'"],
    [['in', '0'], 'TypeError', 'tuple indices must be integers or slices, not str'],
    [['in', 0.5], 'TypeError', 'tuple indices must be integers or slices, not float'],
    [['in', 2], 'IndexError', 'tuple index out of range'],
    [['in', -3], 'IndexError', 'tuple index out of range'],
    [['schema', 1], 'IndexError', 'list index out of range'],
    [['unknown', 0], 'KeyError', "'NoSuchClass'"],
  ])('of %j fails as in Python: %s %s', (link, pythonType, message) => {
    const run = runOf({
      in: ['Image'],
      schema: ['Schema'],
      unknown: ['NoSuchClass'],
      out: ['TakeImage', link],
    })
    const attempt = () => validateNode(run, 'out')
    expect(attempt).toThrow(PythonError)
    expect(attempt).toThrow(expect.objectContaining({ pythonType, message }) as Error)
  })

  it('to a node that cannot be examined is that node’s fault, told at the node', () => {
    const run = runOf({ mid: ['TakeImage', ['gone', 0]], out: ['TakeImage', ['mid', 0]] })
    expect(validateNode(run, 'out')).toEqual({ isValid: false, errors: [] })
    const [error] = run.verdicts.get('mid')!.errors
    expect(toPlain(toErrorObject(error!))).toMatchObject({
      ...{ type: 'exception_during_inner_validation', details: "'gone'" },
      extra_info: { exception_type: 'KeyError', input_name: 'value', linked_node: ['mid', 0] },
    })
  })
})

describe('a node', () => {
  it('is examined once, however many need it', () => {
    const run = runOf({ in: ['Image'], a: ['TakeImage', ['in', 0]], b: ['TakeImage', ['in', 0]] })
    const first = validateNode(run, 'a')
    expect([first.isValid, validateNode(run, 'b').isValid]).toEqual([true, true])
    expect(validateNode(run, 'a')).toBe(first)
    expect([...run.verdicts.keys()]).toEqual(['in', 'a', 'b'])
    expect(run.chain.size).toBe(0)
  })

  it('that needs a faulty one is not valid and has no fault of its own', () => {
    const run = runOf({ mid: ['TakeImage'], out: ['TakeImage', ['mid', 0]] })
    expect(validateNode(run, 'out')).toEqual({ isValid: false, errors: [] })
    expect(run.verdicts.get('mid')!.errors.map(({ type, details }) => [type, details])).toEqual([
      ['required_input_missing', 'value'],
    ])
  })

  it('may leave out what is optional, but what it gives is checked', () => {
    expect(typesOf({ out: ['Spare'] })).toEqual([])
    expect(typesOf({ in: ['Image'], out: ['Spare', ['in', 1]] })).toEqual(['return_type_mismatch'])
  })

  it('in a circle is not valid, and the circle ends', () => {
    const run = runOf({ a: ['TakeImage', ['b', 0]], b: ['TakeImage', ['a', 0]] })
    expect(validateNode(run, 'a').isValid).toBe(false)
  })

  it('at the end of a chain without end is not valid, instead of exhausting the stack', () => {
    const long = Object.fromEntries(
      Array.from({ length: 3000 }, (_, i): [string, readonly [string, unknown]] => [
        `n${i}`,
        ['TakeImage', [i === 2999 ? 'in' : `n${i + 1}`, 0]],
      ]),
    )
    expect(validateNode(runOf({ in: ['Image'], ...long }), 'n0').isValid).toBe(false)
    expect(validateNode(runOf({ in: ['Image'], ...long }), 'n2500').isValid).toBe(true)
  })

  it.each([
    ['{"class_type": "TakeInt"}', 'KeyError', "'inputs'"],
    ['{"class_type": "TakeInt", "inputs": 3}', 'TypeError', "argument of type 'int' is not iterable"],
    ['{"class_type": "TakeInt", "inputs": null}', 'TypeError', "argument of type 'NoneType' is not iterable"],
  ])('%s cannot be examined: %s', (node, pythonType, message) => {
    const graph = new Map([['out', parseExactJson(node)]])
    const attempt = () => validateNode({ graph, environment, verdicts: new Map(), chain: new Set() }, 'out')
    expect(attempt).toThrow(expect.objectContaining({ pythonType, message }) as Error)
  })

  it.each(['"text"', '[]'])('whose inputs are %s has none', (inputs) => {
    const graph = new Map([['out', parseExactJson(`{"class_type": "TakeInt", "inputs": ${inputs}}`)]])
    const verdict = validateNode({ graph, environment, verdicts: new Map(), chain: new Set() }, 'out')
    expect(verdict.errors.map(({ type }) => type)).toEqual(['required_input_missing'])
  })
})
