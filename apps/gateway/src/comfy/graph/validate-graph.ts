import { toPythonString, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { RequestFault } from '../request-fault.ts'
import { describeException, describeRequestError, toErrorObject, type GraphError } from './graph-errors.ts'
import { PythonError } from './python-error.ts'
import type { GraphEnvironment } from './graph-environment.ts'
import { validateNode, type NodeVerdict, type ValidationRun } from './validate-node.ts'

/** A graph that may run, at least in part. */
export interface CheckedGraph {
  /** The graph as submitted, literals converted to what their inputs take. */
  readonly graph: ExactObject
  /** Output nodes that are fit to run, in the order of the graph; at least one. */
  readonly outputNodeIds: readonly string[]
  /** Nodes that the outputs depend on, themselves included. */
  readonly usedNodeIds: readonly string[]
  /** `node_errors` of the answer: faults of the outputs that will not run. */
  readonly nodeErrors: ExactObject
}

/** A graph of which nothing can run: the body of the 400 answer. */
export interface RejectedGraph {
  readonly error: ExactObject
  readonly nodeErrors: ExactObject
}

/**
 * Checks a submitted graph as ComfyUI does and converts its literals in place.
 * @param targets restricts the outputs to these nodes; undefined: all
 * @throws RequestFault where ComfyUI's own handler fails (a prompt that is no object)
 */
export function validateGraph(
  prompt: ExactValue,
  targets: ExactValue | undefined,
  environment: GraphEnvironment,
): CheckedGraph | RejectedGraph {
  const graph = toGraph(prompt)
  const outputs = findOutputs(graph, targets, environment)
  if (!Array.isArray(outputs)) return reject(outputs)
  if (outputs.length === 0)
    return reject(describeRequestError('prompt_no_outputs', 'Prompt has no outputs', ''))

  const run: ValidationRun = { graph, environment, verdicts: new Map(), chain: new Set() }
  const good: string[] = []
  const outputErrors: GraphError[] = []
  const nodeErrors: ExactObject = new Map()
  for (const nodeId of outputs) {
    const verdict = validateOutput(run, nodeId)
    if (verdict.isValid) {
      good.push(nodeId)
      continue
    }
    outputErrors.push(...verdict.errors)
    attribute(run, nodeId, nodeErrors)
  }
  if (good.length > 0) return { graph, outputNodeIds: good, usedNodeIds: findUsed(graph, good), nodeErrors }
  const details = outputErrors.map((error) => `${error.message}: ${error.details}`).join('\n')
  const message = 'Prompt outputs failed validation'
  return reject(describeRequestError('prompt_outputs_failed_validation', message, details), nodeErrors)
}

function reject(error: GraphError, nodeErrors: ExactObject = new Map()): RejectedGraph {
  return { error: toErrorObject(error), nodeErrors }
}

function toGraph(prompt: ExactValue): ExactObject {
  if (prompt instanceof Map) return prompt
  // An empty list or text has nothing to look at, which makes it an empty graph.
  if ((Array.isArray(prompt) || typeof prompt === 'string') && prompt.length === 0) return new Map()
  throw new RequestFault('the prompt is not an object of nodes')
}

function findOutputs(
  graph: ExactObject,
  targets: ExactValue | undefined,
  environment: GraphEnvironment,
): string[] | GraphError {
  const outputs: string[] = []
  for (const [nodeId, node] of graph) {
    const className = classNameOf(node, nodeId)
    if (className === undefined)
      return invalidPrompt('Cannot execute because a node is missing the class_type property.', nodeId)
    const definition = typeof className === 'string' ? environment.findDefinition(className) : undefined
    if (definition === undefined) {
      const name = toPythonString(className)
      return invalidPrompt(`Cannot execute because node ${name} does not exist.`, nodeId)
    }
    if (definition.isOutput && isTarget(nodeId, targets)) outputs.push(nodeId)
  }
  return outputs
}

function invalidPrompt(message: string, nodeId: string): GraphError {
  return describeRequestError('invalid_prompt', message, `Node ID '#${nodeId}'`)
}

function classNameOf(node: ExactValue, nodeId: string): ExactValue | undefined {
  if (node instanceof Map) {
    const className = node.get('class_type')
    if (Array.isArray(className) || className instanceof Map)
      throw new RequestFault(`the class_type of node ${nodeId} is not a name`)
    return className
  }
  const isAskable = typeof node === 'string' || Array.isArray(node)
  if (!isAskable || node.includes('class_type')) throw new RequestFault(`node ${nodeId} is not an object`)
  return undefined
}

function isTarget(nodeId: string, targets: ExactValue | undefined): boolean {
  if (targets === undefined || targets === null) return true
  if (targets instanceof Map) return targets.has(nodeId)
  if (typeof targets === 'string' || Array.isArray(targets)) return targets.includes(nodeId)
  throw new RequestFault('partial_execution_targets is not a list')
}

function validateOutput(run: ValidationRun, nodeId: string): NodeVerdict {
  try {
    return validateNode(run, nodeId)
  } catch (error) {
    if (!(error instanceof PythonError)) throw error
    const verdict: NodeVerdict = { isValid: false, errors: [describeException(error)] }
    run.verdicts.set(nodeId, verdict)
    return verdict
  }
}

/** Notes every faulty node known so far, with the output that cannot run because of it. */
function attribute(run: ValidationRun, outputId: string, nodeErrors: ExactObject): void {
  for (const [nodeId, verdict] of run.verdicts) {
    // Nodes that are merely downstream of a fault have none of their own.
    if (verdict.isValid || verdict.errors.length === 0) continue
    let entry = nodeErrors.get(nodeId) as ExactObject | undefined
    if (entry === undefined) {
      const node = run.graph.get(nodeId) as ExactObject
      entry = new Map<string, ExactValue>([
        ['errors', verdict.errors.map(toErrorObject)],
        ['dependent_outputs', []],
        ['class_type', node.get('class_type') ?? null],
      ])
      nodeErrors.set(nodeId, entry)
    }
    const dependents = entry.get('dependent_outputs') as ExactValue[]
    dependents.push(outputId)
  }
}

/** Every node that these outputs need, in the order of the graph. */
function findUsed(graph: ExactObject, outputs: readonly string[]): string[] {
  const used = new Set<string>(outputs)
  // A set that grows while it is walked visits what was added.
  for (const nodeId of used) {
    const inputs = (graph.get(nodeId) as ExactObject).get('inputs')
    if (!(inputs instanceof Map)) continue
    for (const value of inputs.values()) {
      const [source] = Array.isArray(value) ? value : []
      if (typeof source === 'string' && graph.has(source)) used.add(source)
    }
  }
  return [...graph.keys()].filter((nodeId) => used.has(nodeId))
}
