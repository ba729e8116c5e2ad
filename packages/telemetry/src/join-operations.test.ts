import { Counter, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { joinOperations } from './join-operations.ts'
import type { Readiness } from './operations-server.ts'

function createSource(pictures: number, readiness: Readiness = { ready: true }) {
  const registry = new Registry()
  new Counter({ name: 'pictures_total', help: 'Pictures', registers: [registry] }).inc(pictures)
  return { registry, readReadiness: async () => readiness }
}

describe('joinOperations', () => {
  it('adds up the metrics of its parts', async () => {
    const { registry } = joinOperations([createSource(3), createSource(4)])
    const [metric] = await registry.getMetricsAsJSON()
    expect(metric).toMatchObject({ name: 'pictures_total', values: [{ value: 7 }] })
  })

  it('is ready when every part is, and else tells the first reason', async () => {
    const waiting = createSource(0, { ready: false, reason: 'the engine starts' })
    expect(await joinOperations([createSource(1), createSource(2)]).readReadiness()).toEqual({ ready: true })
    expect(await joinOperations([createSource(1), waiting]).readReadiness()).toEqual({
      ready: false,
      reason: 'the engine starts',
    })
  })
})
