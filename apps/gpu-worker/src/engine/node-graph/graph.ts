import { isExactObject, parseExactJson, type ExactValue } from '@atelier/catalog/exact-json'
import { EngineError } from '../engine-error.ts'

/** An input that is another node's output. */
export interface Link {
  readonly nodeId: string
  readonly slot: number
}

/** A node of a submitted graph. */
export interface GraphNode {
  readonly id: string
  readonly className: string
  readonly links: ReadonlyMap<string, Link>
  readonly literals: ReadonlyMap<string, ExactValue>
  /** Names of all inputs in the order they were written. */
  readonly inputNames: readonly string[]
  /** What the client says its result depends on besides the inputs; taken as it is. */
  readonly isChanged?: ExactValue
}

/** A graph by node id, in the order it was written. */
export type NodeGraph = ReadonlyMap<string, GraphNode>

/** Reads a graph that the gateway has validated. Integers keep all their digits. */
export function parseGraph(json: string): NodeGraph {
  const parsed = parseExactJson(json)
  if (!isExactObject(parsed))
    throw new EngineError('invalid-request', 'the node graph is not a record of nodes')
  const graph = new Map<string, GraphNode>()
  for (const [id, node] of parsed) graph.set(id, parseNode(id, node))
  return graph
}

function parseNode(id: string, node: ExactValue): GraphNode {
  const className = isExactObject(node) ? node.get('class_type') : undefined
  const inputs = isExactObject(node) ? node.get('inputs') : undefined
  if (typeof className !== 'string') throw new EngineError('invalid-request', `node ${id} has no class_type`)
  const links = new Map<string, Link>()
  const literals = new Map<string, ExactValue>()
  const entries = isExactObject(inputs) ? [...inputs] : []
  for (const [name, value] of entries) {
    const link = toLink(value)
    if (link === undefined) literals.set(name, value)
    else links.set(name, link)
  }
  const isChanged = isExactObject(node) ? node.get('is_changed') : undefined
  return {
    ...{ id, className, links, literals, inputNames: entries.map(([name]) => name) },
    ...(isChanged === undefined ? {} : { isChanged }),
  }
}

/** A list of a node id and a slot number is a link. */
function toLink(value: ExactValue): Link | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [nodeId, slot] = value
  if (typeof nodeId !== 'string') return undefined
  return typeof slot === 'bigint' || typeof slot === 'number' ? { nodeId, slot: Number(slot) } : undefined
}
