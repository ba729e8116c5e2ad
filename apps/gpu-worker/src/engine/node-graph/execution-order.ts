import { findNodeDefinition } from '@atelier/catalog/nodes'
import type { NodeGraph } from './graph.ts'

/** Gives the nodes of a graph one by one, each after all it needs, in ComfyUI's order. */
export class ExecutionOrder {
  readonly #graph: NodeGraph
  readonly #isDone: (nodeId: string) => boolean
  /** Nodes to run, in the order they were found. */
  readonly #pending = new Set<string>()
  /** Nodes that wait for a node. */
  readonly #blocks = new Map<string, Set<string>>()
  readonly #waitsFor = new Map<string, Set<string>>()

  /** `isDone` says which nodes need not run because their results are cached. */
  constructor(graph: NodeGraph, isDone: (nodeId: string) => boolean) {
    this.#graph = graph
    this.#isDone = isDone
  }

  /** Adds an output node and everything it needs. */
  add(outputId: string): void {
    const stack = [outputId]
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      if (this.#pending.has(id) || this.#isDone(id)) continue
      this.#pending.add(id)
      const sources = [...(this.#graph.get(id)?.links.values() ?? [])].map(({ nodeId }) => nodeId)
      const open = sources.filter((source) => !this.#isDone(source))
      this.#waitsFor.set(id, new Set(open))
      for (const source of open) this.#blocks.set(source, (this.#blocks.get(source) ?? new Set()).add(id))
      // A source of two inputs stands there twice: the later one decides when it is found.
      stack.push(...open)
    }
  }

  /** The next node to run, or undefined when all ran. */
  next(): string | undefined {
    const ready = [...this.#pending].filter((id) => this.#waitsFor.get(id)?.size === 0)
    const blockedBy = (id: string) => [...(this.#blocks.get(id) ?? [])]
    return (
      ready.find((id) => this.#isOutput(id)) ??
      // Sooner a node that lets an output run, so that results come early.
      ready.find((id) => blockedBy(id).some((blocked) => this.#isOutput(blocked))) ??
      ready.find((id) =>
        blockedBy(id).some((blocked) => blockedBy(blocked).some((next) => this.#isOutput(next))),
      ) ??
      ready[0]
    )
  }

  /** Says that a node has run. */
  complete(nodeId: string): void {
    this.#pending.delete(nodeId)
    for (const blocked of this.#blocks.get(nodeId) ?? []) this.#waitsFor.get(blocked)?.delete(nodeId)
  }

  #isOutput(nodeId: string): boolean {
    return findNodeDefinition(this.#graph.get(nodeId)?.className ?? '')?.isOutput === true
  }
}
