import { describe, expect, it } from 'vitest'
import type { Graph } from '../onnx/graph.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { Loaded } from './loaded.ts'
import { createTensor } from '../tensor/tensor.ts'
import { Residency } from './residency.ts'

const GRAPH: Graph = { inputs: [], outputs: [], ops: [], constants: [], weights: [] }

/** A model of as many sessions as are asked for, 1 byte each; their calls wait for `finish`. */
function openModel(residency: Residency) {
  const freed: string[] = []
  let finish = (): void => undefined
  const call = new Promise<Record<string, never>>((resolve) => (finish = () => resolve({})))
  const sessions = new LazySessions(
    {
      ...{ device: 'cpu', threads: 1, isAllowedFile: () => true },
      open: () => ({ run: () => call, release: async () => void freed.push('session') }),
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
  return { freed, loaded, finish, variants: Array.from({ length: 3 }, () => sessions.prepare(() => GRAPH)) }
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

  it('makes room of what nobody uses and of what present uses did not, whatever the budget', async () => {
    const residency = new Residency(10, () => undefined)
    const [idle, used] = [openModel(residency), openModel(residency)]
    const earlier = await residency.use('used', () => used.loaded)
    await used.variants[0]!()
    earlier.done()
    ;(await residency.use('idle', () => idle.loaded)).done()
    await idle.variants[0]!()
    await later()
    const use = await residency.use('used', () => used.loaded)
    await used.variants[1]!()
    await residency.makeRoom('unused')
    expect([idle.freed, used.freed, used.loaded.costBytes]).toEqual([['session'], ['session'], 1])
    await later()
    await residency.makeRoom('resting')
    expect(used.freed).toHaveLength(2)
    use.done()
  })

  it('leaves what runs when it makes room', async () => {
    const residency = new Residency(10, () => undefined)
    const { freed, loaded, variants, finish } = openModel(residency)
    const use = await residency.use('model', () => loaded)
    const running = (await variants[0]!()).run({ waits: createTensor([1]) })
    await later()
    await residency.makeRoom('resting')
    expect(freed).toEqual([])
    finish()
    await running
    await residency.makeRoom('resting')
    expect(freed).toEqual(['session'])
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

  it('does not let a model go that is taken while another one is being let go', async () => {
    const residency = new Residency(2, () => undefined)
    const { freed, loaded, variants } = openModel(residency)
    const slow = createSlowModel()
    ;(await residency.use('slow', () => slow.loaded)).done()
    const before = await residency.use('model', () => loaded)
    await variants[0]!()
    before.done()
    const clearing = residency.clear()
    await slow.releasing
    const taking = residency.use('model', () => loaded)
    slow.finish()
    await clearing
    const use = await taking
    expect(freed).toEqual([])
    use.done()
  })
})

/** A model of 1 byte that is being let go until `finish` is called. */
function createSlowModel() {
  let [begin, finish] = [() => undefined as void, () => undefined as void]
  const releasing = new Promise<void>((resolve) => (begin = resolve))
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const release = (): Promise<void> => {
    begin()
    return finished
  }
  const loaded: Loaded<string> = { value: 'slow', costBytes: 1, release }
  return { loaded, releasing, finish: () => finish() }
}
