import { createHash } from 'node:crypto'
import { formatExactJson } from '@atelier/catalog/exact-json'
import type { NodeGraph } from './graph.ts'
import { TempNames } from './temp-names.ts'

/** What a node gave: a list of values by output slot, and its ui record as JSON text. */
export interface NodeResult {
  readonly outputs: readonly (readonly unknown[])[]
  readonly uiJson?: string
}

/**
 * Which results stay between two prompts: those the newest prompt uses; those of the newest prompts, as many as `size`
 * and the newest one's at least; or none.
 */
export type NodeCacheKind =
  | { readonly kind: 'newest-prompt' }
  | { readonly kind: 'recent'; readonly size: number }
  | { readonly kind: 'none' }

interface Kept {
  readonly result: NodeResult
  /** The prompt that used it last, counted from 1. */
  prompt: number
}

/** Results by signature, and how nodes name temp files, kept for one tenant between two prompts. */
export class NodeCache {
  readonly #kind: NodeCacheKind
  readonly #kept = new Map<string, Kept>()
  readonly #tempNames = new TempNames()
  #prompt = 0

  constructor(kind: NodeCacheKind = { kind: 'newest-prompt' }) {
    this.#kind = kind
  }

  /** Begins a prompt that may use these signatures; what it makes too old is forgotten. */
  begin(signatures: ReadonlySet<string>): void {
    this.#prompt += 1
    for (const signature of signatures) {
      const kept = this.#kept.get(signature)
      if (kept !== undefined) kept.prompt = this.#prompt
    }
    const limit = this.#kind.kind === 'recent' ? this.#kind.size : 0
    while (this.#kept.size > limit) {
      const oldest = Math.min(...[...this.#kept.values()].map(({ prompt }) => prompt))
      if (oldest === this.#prompt) return
      for (const [signature, { prompt }] of this.#kept) if (prompt === oldest) this.#kept.delete(signature)
    }
  }

  /** Names of temp files for a prompt of that graph. */
  beginTempNames(graph: NodeGraph): TempNames {
    if (this.#kind.kind === 'none') return new TempNames()
    this.#tempNames.begin(graph)
    return this.#tempNames
  }

  get(signature: string): NodeResult | undefined {
    return this.#kept.get(signature)?.result
  }

  set(signature: string, result: NodeResult): void {
    if (this.#kind.kind !== 'none') this.#kept.set(signature, { result, prompt: this.#prompt })
  }
}

/** Reads the setting: "newest-prompt", "recent:N" or "none". */
export function parseNodeCacheKind(setting: string): NodeCacheKind {
  const [kind, size] = setting.split(':')
  if (kind === 'recent') return { kind, size: Number(size) }
  return kind === 'none' ? { kind } : { kind: 'newest-prompt' }
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
