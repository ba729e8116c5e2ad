import { spawnSync } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import { endOnStop, hearStop, STOP_SIGNALS } from './early-stop.ts'

const before = new Map(STOP_SIGNALS.map((signal) => [signal, process.listeners(signal)]))
/** What hears a signal since this test began. */
const hearersOf = (signal: (typeof STOP_SIGNALS)[number]) =>
  process.listeners(signal).filter((listener) => !before.get(signal)?.includes(listener))

describe('a program that is asked to end', () => {
  afterEach(() => {
    for (const signal of STOP_SIGNALS)
      for (const listener of hearersOf(signal)) process.off(signal, listener as () => void)
  })

  it.each(STOP_SIGNALS)('hears %s once however often it is said that there is nothing to close', (signal) => {
    endOnStop()
    endOnStop()
    expect(hearersOf(signal)).toHaveLength(1)
  })

  it.each(STOP_SIGNALS)('stops in its own way on %s alone when it can', (signal) => {
    const heard: string[] = []
    endOnStop()
    hearStop((name) => heard.push(name))
    expect(hearersOf(signal)).toHaveLength(1)
    process.emit(signal, signal)
    expect(heard).toEqual([signal])
  })

  it('hears a signal that comes just before it can stop in its own way', () => {
    const source = `
      import { endOnStop, hearStop } from ${JSON.stringify(new URL('early-stop.ts', import.meta.url).href)}
      endOnStop()
      process.kill(process.pid, 'SIGTERM')
      hearStop((signal) => process.exit(signal === 'SIGTERM' ? 5 : 6))
      setInterval(() => undefined, 1000)`
    const args = ['--import', 'tsx', '--input-type=module', '--eval', source]
    expect(spawnSync(process.execPath, args, { timeout: 30_000 }).status).toBe(5)
  })
})
