import { randomUUID } from 'node:crypto'
import {
  formatExactJson,
  isExactObject,
  parseExactJson,
  toPythonString,
  type ExactValue,
} from '@atelier/catalog/exact-json'
import { findNodeDefinition } from '@atelier/catalog/nodes'
import type { InputFile } from '@atelier/proto'
import type { NodeGraph } from './graph.ts'

/**
 * What the result of a node depends on besides its inputs: the bytes of the file it loads; for a node that is to run
 * every time, something new. Of these a client may say it itself.
 */
export function findChanges(
  graph: NodeGraph,
  inputFiles: readonly InputFile[],
): ReadonlyMap<string, ExactValue> {
  const hashes = new Map(inputFiles.map(({ reference, blob }) => [reference, blob?.sha256 ?? '']))
  const changes = new Map<string, ExactValue>()
  for (const { id, className, literals, isChanged } of graph.values()) {
    const [input] = Object.keys(findNodeDefinition(className)?.checks ?? {})
    const isNewEachTime = className === 'SaveImageWebsocket'
    if (input === undefined && !isNewEachTime) continue
    const hash = input && hashes.get(toPythonString(literals.get(input) ?? null))
    if (isChanged !== undefined) changes.set(id, isChanged)
    else if (isNewEachTime) changes.set(id, [randomUUID()])
    else if (hash !== undefined) changes.set(id, [hash])
  }
  return changes
}

/** The graph's text as PNG files hold it: what nodes depend on is noted in them. */
export function withChanges(graphJson: string, changes: ReadonlyMap<string, ExactValue>): string {
  if (changes.size === 0) return graphJson
  const graph = parseExactJson(graphJson)
  if (!isExactObject(graph)) return graphJson
  for (const [id, change] of changes) {
    const node = graph.get(id)
    if (isExactObject(node)) node.set('is_changed', change)
  }
  return formatExactJson(graph)
}
