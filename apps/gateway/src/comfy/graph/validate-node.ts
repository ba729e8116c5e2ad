import {
  toPythonRepr,
  toPythonTypeName,
  type ExactObject,
  type ExactValue,
} from '@atelier/catalog/exact-json'
import type { InputDefinition, NodeDefinition } from '@atelier/catalog/nodes'
import { choicesOf, toInputConfig } from '../prompts/input-config.ts'
import { checkLiteral, runChecks } from './check-literal.ts'
import type { GraphEnvironment } from './graph-environment.ts'
import {
  describeBadLink,
  describeInnerException,
  describeMissingInput,
  describeTypeMismatch,
  type GraphError,
  type InputInfo,
} from './graph-errors.ts'
import { PythonError } from './python-error.ts'

/** Longest chain of links followed; ComfyUI gives up at about the same depth. */
const MAX_CHAIN = 900

/** What is known of a node: fit to run with all it depends on, and the faults that are its own. */
export interface NodeVerdict {
  readonly isValid: boolean
  readonly errors: readonly GraphError[]
}

/** One validation: the graph, whose literals it converts in place, and what it has found so far. */
export interface ValidationRun {
  readonly graph: ExactObject
  readonly environment: GraphEnvironment
  /** By node id, in the order they were reached. */
  readonly verdicts: Map<string, NodeVerdict>
  /** Nodes on the way from the output to here, to recognise cycles. */
  readonly chain: Set<string>
}

/**
 * Validates a node and everything it depends on, converting literals in place.
 * @throws PythonError when the node cannot be examined (no inputs, a link to nowhere)
 */
export function validateNode(run: ValidationRun, nodeId: string): NodeVerdict {
  const known = run.verdicts.get(nodeId)
  if (known !== undefined) return known
  // A cycle, or a chain without end: invalid, without an error of its own.
  if (run.chain.has(nodeId) || run.chain.size > MAX_CHAIN) return { isValid: false, errors: [] }
  run.chain.add(nodeId)
  try {
    const verdict = examine(run, run.graph.get(nodeId) as ExactObject)
    run.verdicts.set(nodeId, verdict)
    return verdict
  } finally {
    run.chain.delete(nodeId)
  }
}

function examine(run: ValidationRun, node: ExactObject): NodeVerdict {
  const inputs = inputsOf(node)
  const definition = definitionOf(run, node)
  const errors: GraphError[] = []
  let isValid = true
  for (const [section, isRequired] of [
    [definition.inputs.required, true],
    [definition.inputs.optional, false],
  ] as const) {
    for (const [name, input] of Object.entries(section ?? {})) {
      const value = inputs.get(name)
      if (value === undefined) {
        if (isRequired) errors.push(describeMissingInput(name))
        continue
      }
      const place = { name, config: toInputConfig(input, run.environment.choices, definition.isSchemaNode) }
      const found = Array.isArray(value)
        ? followLink(run, input, place, value)
        : (checkLiteral({ environment: run.environment, definition, inputs, input, place }, value) ?? 'fine')
      if (found === 'invalid') isValid = false
      else if (found !== 'fine') errors.push(found)
    }
  }
  errors.push(...runChecks(run.environment, definition, inputs))
  return { isValid: isValid && errors.length === 0, errors }
}

function inputsOf(node: ExactObject): ExactObject {
  const inputs = node.get('inputs')
  if (inputs === undefined) throw new PythonError('KeyError', "'inputs'")
  if (inputs instanceof Map) return inputs
  // Texts and lists can be asked whether they contain a name, and as a rule do not; other things cannot.
  if (typeof inputs === 'string' || Array.isArray(inputs)) return new Map()
  throw new PythonError('TypeError', `argument of type '${toPythonTypeName(inputs)}' is not iterable`)
}

function definitionOf(run: ValidationRun, node: ExactObject): NodeDefinition {
  const className = node.get('class_type')
  const definition = typeof className === 'string' ? run.environment.findDefinition(className) : undefined
  if (definition === undefined) throw new PythonError('KeyError', toPythonRepr(className ?? null))
  return definition
}

type Finding = GraphError | 'invalid' | 'fine'

function followLink(
  run: ValidationRun,
  input: InputDefinition,
  place: InputInfo,
  link: ExactValue[],
): Finding {
  const [sourceId, slot] = link
  if (link.length !== 2 || sourceId === undefined || slot === undefined) return describeBadLink(place, link)
  const source = findSource(run, sourceId)
  const received = outputTypeOf(definitionOf(run, source.node), slot)
  const expected = choicesOf(input, run.environment.choices)
  const [type] = place.config as ExactValue[]
  const expectedText = typeof type === 'string' ? type : toPythonRepr(type!)
  if (expected !== undefined || !isSameType(received, expectedText))
    return describeTypeMismatch(place, received, expectedText, link)
  try {
    return validateNode(run, source.id).isValid ? 'fine' : 'invalid'
  } catch (error) {
    if (!(error instanceof PythonError)) throw error
    run.verdicts.set(source.id, { isValid: false, errors: [describeInnerException(place, error, link)] })
    return 'invalid'
  }
}

function findSource(run: ValidationRun, id: ExactValue): { id: string; node: ExactObject } {
  if (Array.isArray(id) || id instanceof Map)
    throw new PythonError('TypeError', `unhashable type: '${toPythonTypeName(id)}'`)
  const node = typeof id === 'string' ? run.graph.get(id) : undefined
  if (typeof id !== 'string' || node === undefined) throw new PythonError('KeyError', toPythonRepr(id))
  return { id, node: node as ExactObject }
}

function outputTypeOf(definition: NodeDefinition, slot: ExactValue): string {
  const index = typeof slot === 'boolean' ? BigInt(slot) : slot
  // Classes of the newer schema keep their output types in a list.
  const kind = definition.isSchemaNode ? 'list' : 'tuple'
  if (typeof index !== 'bigint') {
    const name = toPythonTypeName(slot)
    throw new PythonError('TypeError', `${kind} indices must be integers or slices, not ${name}`)
  }
  const count = BigInt(definition.outputs.length)
  // Python counts negative indexes from the end.
  const position = index < 0n ? index + count : index
  const output = position >= 0n && position < count ? definition.outputs[Number(position)] : undefined
  if (output === undefined) throw new PythonError('IndexError', `${kind} index out of range`)
  return output.type
}

/** Two types fit when they are equal, when either takes anything, or when their comma-separated unions meet. */
function isSameType(received: string, expected: string): boolean {
  if (received === expected) return true
  const split = (type: string) => type.split(',').map((name) => name.trim())
  const [receivedNames, expectedNames] = [split(received), split(expected)]
  if (receivedNames.includes('*') || expectedNames.includes('*')) return true
  return receivedNames.some((name) => expectedNames.includes(name))
}
