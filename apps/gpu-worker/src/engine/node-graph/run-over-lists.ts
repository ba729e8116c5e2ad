import type { NodeDefinition } from '@atelier/catalog/nodes'
import type { NodeAnswer } from './node-context.ts'

/** What a node gave over all items: a list for each output slot, and what the client is shown of all of them. */
export interface ListAnswer {
  readonly outputs: readonly (readonly unknown[])[]
  readonly ui?: Readonly<Record<string, unknown>>
}

/**
 * Runs a node once for each item of its longest input list, shorter lists repeating their last item; a class that takes
 * whole lists runs once. A list that is empty leaves nothing to run on. Undefined when it was stopped between items.
 */
export async function runOverLists(
  definition: Pick<NodeDefinition, 'outputs' | 'takesLists'> | undefined,
  inputs: ReadonlyMap<string, readonly unknown[]>,
  run: (values: ReadonlyMap<string, unknown>) => Promise<NodeAnswer | undefined>,
): Promise<ListAnswer | undefined> {
  const answers: NodeAnswer[] = []
  for (const values of definition?.takesLists === true ? [inputs] : pickItems(inputs)) {
    const answer = await run(values)
    if (answer === undefined) return undefined
    answers.push(answer)
  }
  const slots = definition?.outputs ?? []
  const outputs = slots.map(({ isList }, slot) =>
    answers.flatMap((answer) =>
      isList === true ? (answer.outputs[slot] as unknown[]) : [answer.outputs[slot]],
    ),
  )
  const shown = answers.flatMap(({ ui }) => (ui === undefined ? [] : [ui]))
  return shown.length === 0 ? { outputs } : { outputs, ui: joinShown(shown) }
}

function pickItems(inputs: ReadonlyMap<string, readonly unknown[]>): ReadonlyMap<string, unknown>[] {
  const lengths = [...inputs.values()].map(({ length }) => length)
  const count = lengths.includes(0) ? 0 : Math.max(1, ...lengths)
  return Array.from(
    { length: count },
    (_, i) => new Map([...inputs].map(([name, list]) => [name, list[Math.min(i, list.length - 1)]])),
  )
}

/** The lists under each name one after the other. */
function joinShown(shown: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown> {
  const names = Object.keys(shown[0]!)
  return Object.fromEntries(names.map((name) => [name, shown.flatMap((record) => record[name])]))
}
