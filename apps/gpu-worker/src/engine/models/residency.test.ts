import { describe, expect, it } from 'vitest'
import type { Graph } from '../onnx/graph.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { Loaded } from './loaded.ts'
import { Residency } from './residency.ts'

const GRAPH: Graph = { inputs: [], outputs: [], ops: [], constants: [], weights: [] }

/** A model of as many sessions as are asked for, 1 byte each. */
function openModel(residency: Residency) {
  const freed: string[] = []
  const sessions = new LazySessions(
    {
      ...{ device: 'cpu', threads: 1, isAllowedFile: () => true },
      open: () => ({ run: async () => ({}), release: async () => void freed.push('session') }),
    },
    () => residency.fit(),
  )
  const loaded: Loaded<LazySessions> = {
    value: sessions,
    get costBytes() {
      return Math.max(sessions.count, 1)
    },
    trim: (before) => sessions.trim(before),
    release: () => sessions.release(),
  }
  return { freed, loaded, variants: Array.from({ length: 3 }, () => sessions.prepare(() => GRAPH)) }
}

const later = () => new Promise((resolve) => setTimeout(resolve, 2))

describe('a budget for what is loaded', () => {
  it('counts every session of a model, and lets models go that nobody uses', async () => {
    const residency = new Residency(2, () => undefined)
    const [first, second] = [openModel(residency), openModel(residency)]
    ;(await residency.use('first', () => first.loaded)).done()
    const use = await residency.use('second', () => second.loaded)
    await second.variants[0]!()
    expect(first.freed).toEqual([])
    await first.variants[0]!()
    await second.variants[1]!()
    expect(first.freed).toEqual(['session'])
    use.done()
  })

  it('lets sessions of a model in use go that its present users did not use', async () => {
    const residency = new Residency(2, () => undefined)
    const { freed, loaded, variants } = openModel(residency)
    const earlier = await residency.use('model', () => loaded)
    await variants[0]!()
    earlier.done()
    await later()
    const use = await residency.use('model', () => loaded)
    await variants[1]!()
    expect(freed).toEqual([])
    await variants[2]!()
    expect(freed).toEqual(['session'])
    expect(loaded.costBytes).toBe(2)
    use.done()
  })

  it('keeps sessions that a use takes turns with, whatever they take', async () => {
    const residency = new Residency(1, () => undefined)
    const { freed, loaded, variants } = openModel(residency)
    const use = await residency.use('model', () => loaded)
    for (const variant of variants) await variant()
    expect([freed, loaded.costBytes]).toEqual([[], 3])
    use.done()
    await residency.clear()
    expect(freed).toHaveLength(3)
  })
})
