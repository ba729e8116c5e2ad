import { Job, ModelFile } from '@atelier/proto'
import pino from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { smallJob, TINY } from '../engine/generation/test-kit.ts'
import { unpackTinyCheckpoint } from '../engine/test-kit.ts'
import type { FromEngine } from '../engine-protocol.ts'
import { EngineProcess } from './engine-process.ts'

const PING_MS = 50
/** More than an engine takes to start on a busy machine, milliseconds: until then it answers nothing. */
const HANG_MS = 4_000

describe('EngineProcess', () => {
  let engine: EngineProcess | undefined
  afterEach(() => engine?.close())

  function start({ hangMs = 60_000, pingMs = PING_MS, entry = 'scripted-engine.ts' } = {}) {
    const messages: FromEngine[] = []
    const deaths: number[] = []
    const started = new EngineProcess({
      entry: new URL(`__fixtures__/${entry}`, import.meta.url),
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

  it('starts another engine when the system would not start one', async () => {
    const { execPath } = process
    process.execPath = '/nowhere/node'
    const { engine, deaths, ready } = start()
    process.execPath = execPath
    await waitUntil(() => ready().length === 1)
    expect([deaths.length, engine.restarts]).toEqual([1, 1])
  })

  it('starts another engine when the device is lost in mid-job, and says so in one line', async () => {
    const { engine, messages, deaths, ready } = start({ entry: 'losing-engine.ts' })
    await waitUntil(() => ready().length === 1)
    const file = ModelFile.fromPartial({ ...TINY, path: unpackTinyCheckpoint() })
    engine.send({ kind: 'models', files: [file] })
    const job = Job.fromPartial({ id: 'drawn', kind: { $case: 'generation', value: smallJob() } })
    engine.send({ kind: 'run', job, epoch: 1, inputs: new Map(), traceparent: '' })
    await waitUntil(() => ready().length === 2)
    expect([deaths.length, engine.restarts]).toEqual([1, 1])
    const logs = messages.flatMap((message) => (message.kind === 'log' ? [message.message] : []))
    expect(logs).toEqual([
      'the device is lost: CUDA failure 719: unspecified launch failure; another engine is started',
    ])
    // The job ended with its engine, not with an error: it is run again from its record.
    expect(messages.some((message) => message.kind === 'end' && message.jobId === 'drawn')).toBe(false)
  }, 60_000)

  it('kills no engine because the clock of the machine jumps', async () => {
    const { engine, ready } = start()
    await waitUntil(() => ready().length === 1)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
    await new Promise((resolve) => setTimeout(resolve, 10 * PING_MS))
    vi.useRealTimers()
    expect(engine.restarts).toBe(0)
  })

  it('kills an engine that does not answer, and starts another', async () => {
    const { engine, ready } = start({ hangMs: HANG_MS })
    await waitUntil(() => ready().length === 1)
    engine.send({ kind: 'cancel', jobId: 'hang' })
    await waitUntil(() => ready().length === 2)
    // Those that take longer to start count as hung as well.
    expect(engine.restarts).toBeGreaterThanOrEqual(1)
  })

  it('hears an engine that answers, however long nothing else happens', async () => {
    const { engine, messages, ready } = start({ hangMs: HANG_MS })
    await waitUntil(() => ready().length === 1)
    await waitUntil(() => messages.filter(({ kind }) => kind === 'pong').length > HANG_MS / PING_MS)
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
