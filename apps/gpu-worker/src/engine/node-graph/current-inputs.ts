import {
  formatExactJson,
  isExactObject,
  parseExactJson,
  toPythonRepr,
  type ExactValue,
} from '@atelier/catalog/exact-json'
import { findNodeDefinition } from '@atelier/catalog/nodes'
import type { NodeGraphJob } from '@atelier/proto'
import type { GraphNode } from './graph.ts'

/**
 * The inputs of a failing node as its error shows them: a list for each, its scalars as they are, other values as text;
 * hidden inputs (the prompt, what goes into PNG files) included.
 */
export function formatCurrentInputs(
  node: GraphNode,
  inputs: ReadonlyMap<string, readonly unknown[]>,
  job: NodeGraphJob,
): string {
  const shown = new Map<string, ExactValue>()
  for (const name of node.inputNames) {
    const show = node.links.has(name) ? describeValue : showLiteral
    shown.set(name, (inputs.get(name) ?? []).map(show))
  }
  const hidden = findNodeDefinition(node.className)?.inputs.hidden ?? {}
  for (const [name, kind] of Object.entries(hidden)) shown.set(name, [showHidden(kind, job)])
  return formatExactJson(shown)
}

function showLiteral(value: unknown): ExactValue {
  const literal = value as ExactValue
  return literal !== null && typeof literal === 'object' ? toPythonRepr(literal) : literal
}

/** A value another node gave has no text of its own. */
function describeValue(value: unknown): ExactValue {
  return value === undefined || value === null ? null : '<value>'
}

function showHidden(kind: string, job: NodeGraphJob): ExactValue {
  if (kind === 'PROMPT') return toPythonRepr(parseExactJson(job.graphJson))
  if (kind !== 'EXTRA_PNGINFO' || job.extraDataJson === '') return null
  const extraData = parseExactJson(job.extraDataJson)
  const info = isExactObject(extraData) ? extraData.get('extra_pnginfo') : undefined
  return showLiteral(info ?? null)
}
