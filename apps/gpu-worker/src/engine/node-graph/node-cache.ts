import { createHash } from 'node:crypto'
import { formatExactJson } from '@atelier/catalog/exact-json'
import type { NodeGraph } from './graph.ts'

/** What a node gave: a list of values by output slot, and its ui record as JSON text. */
export interface NodeResult {
  readonly outputs: readonly (readonly unknown[])[]
  readonly uiJson?: string
}

/** Results by signature, kept for one tenant between two prompts: only what the newest prompt uses stays. */
export class NodeCache {
  #results = new Map<string, NodeResult>()

  get(signature: string): NodeResult | undefined {
    return this.#results.get(signature)
  }

  set(signature: string, result: NodeResult): void {
    this.#results.set(signature, result)
  }

  /** Forgets every result but those of these signatures. */
  keepOnly(signatures: ReadonlySet<string>): void {
    this.#results = new Map([...this.#results].filter(([signature]) => signatures.has(signature)))
  }
}

/**
 * A signature for each node of a graph: its class, its literals, and the signatures of what it is linked to. Node ids are
 * no part of it, so a renumbered graph finds its results again. `fingerprintOf` adds what lies outside the graph (the
 * bytes of a loaded picture).
 */
export function signNodes(
  graph: NodeGraph,
  fingerprintOf: (nodeId: string) => string | undefined,
): ReadonlyMap<string, string> {
  const signatures = new Map<string, string>()
  const sign = (id: string): string => {
    const known = signatures.get(id)
    if (known !== undefined) return known
    const node = graph.get(id)
    if (node === undefined) return 'missing'
    const inputs = [...node.inputNames].sort().map((name) => {
      const link = node.links.get(name)
      return link
        ? `${name}<-${sign(link.nodeId)}/${link.slot}`
        : `${name}=${toComparable(node.literals.get(name))}`
    })
    const text = [node.className, fingerprintOf(id) ?? '', ...inputs].join('\n')
    const signature = createHash('sha256').update(text).digest('hex')
    signatures.set(id, signature)
    return signature
  }
  for (const id of graph.keys()) sign(id)
  return signatures
}

/** 8 and 8.0 are the same value once an input is converted. */
function toComparable(value: Parameters<typeof formatExactJson>[0] | undefined): string {
  if (value === undefined) return ''
  return formatExactJson(typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value)
}
