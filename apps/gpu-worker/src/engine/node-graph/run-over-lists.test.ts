import { describe, expect, it } from 'vitest'
import { runOverLists } from './run-over-lists.ts'

const inputs = (lists: Record<string, unknown[]>) => new Map(Object.entries(lists))
const one = { outputs: [{ type: 'INT' }] }
const seen = async (
  lists: Record<string, unknown[]>,
  definition: Parameters<typeof runOverLists>[0] = one,
) => {
  const calls: Record<string, unknown>[] = []
  const answer = await runOverLists(definition, inputs(lists), async (values) => {
    calls.push(Object.fromEntries(values))
    return { outputs: [calls.length] }
  })
  return { calls, answer }
}

describe('runOverLists', () => {
  it('runs a node once for each item, the last item of shorter lists again', async () => {
    const { calls, answer } = await seen({ a: [1, 2, 3], b: ['x'], c: [true, false] })
    expect(calls).toEqual([
      { a: 1, b: 'x', c: true },
      { a: 2, b: 'x', c: false },
      { a: 3, b: 'x', c: false },
    ])
    expect(answer?.outputs).toEqual([[1, 2, 3]])
  })

  it('runs a node without inputs once', async () => {
    expect((await seen({})).calls).toEqual([{}])
  })

  it('leaves a node out where a list is empty', async () => {
    const { calls, answer } = await seen({ a: [], b: [1, 2] })
    expect([calls, answer?.outputs]).toEqual([[], [[]]])
  })

  it('gives whole lists to a class that takes them', async () => {
    const { calls } = await seen({ a: [1, 2], b: [3] }, { ...one, takesLists: true })
    expect(calls).toEqual([{ a: [1, 2], b: [3] }])
  })

  it('splices in the items of outputs that are lists, and keeps other outputs whole', async () => {
    const definition = { outputs: [{ type: 'INT', isList: true }, { type: 'INT' }] }
    const answer = await runOverLists(definition, inputs({ a: [1, 2] }), async (values) => ({
      outputs: [[values.get('a'), 0], [values.get('a')]],
    }))
    expect(answer?.outputs).toEqual([
      [1, 0, 2, 0],
      [[1], [2]],
    ])
  })

  it('joins what the client is shown, name by name', async () => {
    const answer = await runOverLists({ outputs: [] }, inputs({ a: ['x', 'y'] }), async (values) => ({
      outputs: [],
      ui: { images: [values.get('a')], animated: [true] },
    }))
    expect(answer?.ui).toEqual({ images: ['x', 'y'], animated: [true, true] })
  })

  it('ends between items when it is stopped', async () => {
    let calls = 0
    const answer = await runOverLists(one, inputs({ a: [1, 2, 3] }), async () => {
      calls += 1
      return calls === 2 ? undefined : { outputs: [1] }
    })
    expect([answer, calls]).toEqual([undefined, 2])
  })
})
