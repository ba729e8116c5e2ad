import pino from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import type { FromEngine } from '../engine-protocol.ts'
import { EngineProcess } from './engine-process.ts'

describe('EngineProcess', () => {
  let engine: EngineProcess | undefined
  afterEach(() => engine?.close())

  function start({ hangMs = 60_000, pingMs = 50 } = {}) {
    const messages: FromEngine[] = []
    const deaths: number[] = []
    const started = new EngineProcess({
      entry: new URL('__fixtures__/scripted-engine.ts', import.meta.url),
      environment: process.env,
      hangMs,
      pingMs,
      logger: pino({ level: 'silent' }),
      onMessage: (message) => messages.push(message),
      onDeath: () => deaths.push(Date.now()),
    })
    engine = started
    const ready = () => messages.flatMap((message) => (message.kind === 'ready' ? [message.title] : []))
    return { engine: started, messages, deaths, ready }
  }

  async function waitUntil(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  it('starts another engine when one dies, and says what was lost', async () => {
    const { engine, deaths, ready } = start()
    await waitUntil(() => ready().length === 1)
    engine.send({ kind: 'cancel', jobId: 'die' })
    await waitUntil(() => ready().length === 2)
    expect(new Set(ready()).size).toBe(2)
    expect([deaths.length, engine.restarts]).toEqual([1, 1])
  })

  it('kills an engine that does not answer, and starts another', async () => {
    const { engine, ready } = start({ hangMs: 600 })
    await waitUntil(() => ready().length === 1)
    engine.send({ kind: 'cancel', jobId: 'hang' })
    await waitUntil(() => ready().length === 2)
    expect(engine.restarts).toBe(1)
  })

  it('hears an engine that answers, however long nothing else happens', async () => {
    const { engine, messages, ready } = start({ hangMs: 600 })
    await waitUntil(() => ready().length === 1)
    await waitUntil(() => messages.filter(({ kind }) => kind === 'pong').length > 20)
    expect(engine.restarts).toBe(0)
  })

  it('says that nothing could be sent while no engine runs', async () => {
    const { engine, deaths, ready } = start()
    await waitUntil(() => ready().length === 1)
    engine.send({ kind: 'cancel', jobId: 'die' })
    await waitUntil(() => deaths.length === 1)
    expect(engine.send({ kind: 'ping' })).toBe(false)
  })

  it('ends the engine when it is closed, and starts no other', async () => {
    const { engine, ready } = start()
    await waitUntil(() => ready().length === 1)
    const pid = Number(ready()[0])
    await engine.close()
    expect(() => process.kill(pid, 0)).toThrow()
    expect(engine.restarts).toBe(0)
  })
})
