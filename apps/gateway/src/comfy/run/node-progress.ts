import { type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { formatMessage, type RunFrame } from './frames.ts'

/** How far a node is. Counts of steps are integers, a node without steps goes from 0.0 to 1.0. */
interface NodeProgress {
  readonly value: bigint | number
  readonly max: bigint | number
  readonly isFinished: boolean
}

/** How far the nodes of one run are: what `progress_state` shows. */
export class NodeProgressTable {
  readonly #promptId: string
  readonly #nodes = new Map<string, NodeProgress>()

  constructor(promptId: string) {
    this.#promptId = promptId
  }

  start(nodeId: string): RunFrame {
    return this.#set(nodeId, { value: 0, max: 1, isFinished: false })
  }

  step(nodeId: string, value: number, max: number): RunFrame {
    return this.#set(nodeId, { value: BigInt(value), max: BigInt(max), isFinished: false })
  }

  /** The node is at its end: wherever its count had stopped. */
  finish(nodeId: string): RunFrame {
    const max = this.#nodes.get(nodeId)?.max ?? 1
    return this.#set(nodeId, { value: max, max, isFinished: true })
  }

  /** The node's result came from the cache. */
  finishCached(nodeId: string): RunFrame {
    return this.#set(nodeId, { value: 1n, max: 1n, isFinished: true })
  }

  #set(nodeId: string, progress: NodeProgress): RunFrame {
    this.#nodes.set(nodeId, progress)
    const nodes: ExactObject = new Map([...this.#nodes].map(([id, node]) => [id, this.#describe(id, node)]))
    const data = new Map<string, ExactValue>([
      ['prompt_id', this.#promptId],
      ['nodes', nodes],
    ])
    const text = formatMessage('progress_state', data)
    return { kind: 'json', audience: 'watchers', text, isLossy: true, isKept: false }
  }

  #describe(nodeId: string, { value, max, isFinished }: NodeProgress): ExactObject {
    return new Map<string, ExactValue>([
      ['value', value],
      ['max', max],
      ['state', isFinished ? 'finished' : 'running'],
      ['node_id', nodeId],
      ['prompt_id', this.#promptId],
      ['display_node_id', nodeId],
      ['parent_node_id', null],
      ['real_node_id', nodeId],
    ])
  }
}
