import { describe, expect, it } from 'vitest'
import type { Graph } from './graph.ts'
import { LazySessions, prepareVariants } from './lazy-sessions.ts'
import type { Session } from './network-session.ts'

const GRAPH: Graph = { inputs: [], outputs: [], ops: [], constants: [], weights: [] }

/** Sessions of a device on which the first `failures` openings find no room. */
function openDevice(failures = 0) {
  const notes: string[] = []
  const open = (): Session => {
    notes.push('open')
    if (notes.length <= failures) throw new Error('Failed to allocate memory for requested buffer of size 1')
    return { run: async () => ({}), release: async () => void notes.push('release') }
  }
  const loaded: number[] = []
  const sessions = new LazySessions({
    ...{ device: 'cpu', threads: 1, isAllowedFile: () => true, open },
    onLoaded: (seconds) => loaded.push(seconds),
  })
  return { notes, loaded, sessions }
}

describe('sessions made at their first use', () => {
  it('are made once, however many ask at once, and let go together', async () => {
    const { notes, loaded, sessions } = openDevice()
    const session = sessions.prepare(() => GRAPH)
    expect(notes).toEqual([])
    const [first, second] = await Promise.all([session(), session()])
    expect(first).toBe(second)
    expect(loaded).toHaveLength(1)
    await sessions.release()
    expect(notes).toEqual(['open', 'release'])
  })

  it('are made again after there was no room for them', async () => {
    const { notes, loaded, sessions } = openDevice(1)
    const session = sessions.prepare(() => GRAPH)
    await expect(session()).rejects.toThrow('Failed to allocate memory')
    await session()
    expect(notes).toEqual(['open', 'open'])
    expect(loaded).toHaveLength(1)
    await sessions.release()
    expect(notes).toEqual(['open', 'open', 'release'])
  })

  it('are not let go while they are made, nor missed by those who had them before', async () => {
    const { notes, sessions } = openDevice()
    const session = sessions.prepare(() => GRAPH)
    const asked = session()
    expect(await sessions.trim(Infinity)).toBe(false)
    const given = await asked
    expect(await sessions.trim(Infinity)).toBe(true)
    expect(await given.run({})).toEqual({})
    expect(notes).toEqual(['open', 'release', 'open'])
    await sessions.release()
  })

  it('are not made any more after all were let go, when nobody would let them go', async () => {
    const { notes, sessions } = openDevice()
    const [used, unused] = [sessions.prepare(() => GRAPH), sessions.prepare(() => GRAPH)]
    await used()
    await sessions.release()
    for (const session of [used, unused]) await expect(session()).rejects.toThrow('was let go')
    expect(notes).toEqual(['open', 'release'])
    expect(sessions.count).toBe(0)
  })

  it('are made for each set of inputs and variant of the graph', async () => {
    const { notes, sessions } = openDevice()
    const built: string[] = []
    const variant = prepareVariants((inputs) => {
      built.push(inputs.join())
      return GRAPH
    }, sessions)
    for (const inputs of [[], ['middle'], ['middle'], ['middle', 'skip_0']]) await variant(inputs, {})
    await variant([], { wraps: true })
    await variant([], { fitsLast: true })
    await variant([], { wraps: false })
    expect(built).toEqual(['', 'middle', 'middle,skip_0', '', ''])
    expect(notes).toHaveLength(5)
  })

  it('are completed last, and counted with what completes them', async () => {
    const written: string[] = []
    const { sessions } = openDevice()
    const variant = prepareVariants(() => GRAPH, sessions)
    const completeBy = (key: string, costBytes: number) => ({
      key,
      costBytes,
      complete: (graph: Graph): Graph => {
        written.push(key)
        return graph
      },
    })
    await variant([], {})
    expect(sessions.furtherBytes).toBe(0)
    await variant([], { completion: completeBy('one', 5) })
    await variant([], { completion: completeBy('one', 5), wraps: true })
    await variant([], { completion: completeBy('one', 5) })
    await variant([], { completion: completeBy('two', 7) })
    expect(written).toEqual(['one', 'one', 'two'])
    expect([sessions.count, sessions.furtherBytes]).toEqual([4, 17])
    await sessions.trim(Infinity)
    expect(sessions.furtherBytes).toBe(17)
    await sessions.release()
    expect(sessions.furtherBytes).toBe(0)
  })
})
