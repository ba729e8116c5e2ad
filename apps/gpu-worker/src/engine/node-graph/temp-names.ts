import type { GraphNode, NodeGraph } from './graph.ts'

/** ComfyUI's letters; it has no "w" and two "p". */
const LETTERS = 'abcdefghijklmnopqrstupvxyz'
const LETTER_COUNT = 5

/** How a file of the temp folder is named: what comes before its number, and the number. */
export interface TempName {
  readonly stem: string
  readonly number: number
}

/**
 * Names of the files that nodes keep in the temp folder, for one tenant. A node's letters stay as long as each prompt has
 * a node of that id and class, and its numbers go on.
 */
export class TempNames {
  readonly #names = new Map<string, TempName>()

  /** Begins a prompt; what is not in its graph loses its names. */
  begin(graph: NodeGraph): void {
    const present = new Set([...graph.values()].map(keyOf))
    for (const key of this.#names.keys()) if (!present.has(key)) this.#names.delete(key)
  }

  /** Names that many files of a node, numbered from the one given. */
  take(node: Pick<GraphNode, 'id' | 'className'>, count: number): TempName {
    const key = keyOf(node)
    const name = this.#names.get(key) ?? { stem: `ComfyUI_temp_${drawLetters()}`, number: 1 }
    this.#names.set(key, { stem: name.stem, number: name.number + count })
    return name
  }
}

function keyOf({ id, className }: Pick<GraphNode, 'id' | 'className'>): string {
  return JSON.stringify([id, className])
}

function drawLetters(): string {
  const draw = () => LETTERS[Math.floor(Math.random() * LETTERS.length)]
  return Array.from({ length: LETTER_COUNT }, draw).join('')
}
