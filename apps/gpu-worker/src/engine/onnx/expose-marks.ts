import type { Graph, Port } from './graph.ts'

/**
 * A description whose marked inner values are outputs as well, under the modules' names; of all of them or of those named.
 * Their sizes are said at run time, by names of their own.
 * @throws Error when a name is not marked
 */
export function exposeMarks(
  graph: Graph,
  names: readonly string[] = [...(graph.marks?.keys() ?? [])],
): Graph {
  const ports = names.map((name): Port => ({ name, dtype: 'F32' }))
  const ops = names.map((name) => {
    const value = graph.marks?.get(name)
    if (value === undefined) throw new Error(`no value of the graph is marked "${name}"`)
    return { type: 'Identity', domain: '', inputs: [value], outputs: [name], attributes: {} }
  })
  return { ...graph, ops: [...graph.ops, ...ops], outputs: [...graph.outputs, ...ports] }
}
