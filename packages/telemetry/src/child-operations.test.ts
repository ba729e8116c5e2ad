import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { ChildOperations } from './child-operations.ts'

const PROGRAM = fileURLToPath(new URL('__fixtures__/child.ts', import.meta.url))

describe('ChildOperations', () => {
  const running: ChildProcess[] = []
  afterEach(() => running.splice(0).forEach((child) => child.kill('SIGKILL')))

  const start = async (...args: string[]): Promise<ChildProcess> => {
    const child = fork(PROGRAM, args, { execArgv: ['--import', 'tsx'] })
    running.push(child)
    await once(child, 'message')
    return child
  }

  it('shows the metrics of all programs, each under its own label', async () => {
    const children = new Map([
      ['gateway', await start('gateway', '3')],
      ['worker', await start('worker', '4')],
    ])
    const { text } = await new ChildOperations(() => children).readMetrics()
    expect(text).toContain('jobs_total{program="gateway"} 3')
    expect(text).toContain('jobs_total{program="worker"} 4')
    expect(text).toContain('seconds_bucket{le="2",program="worker"} 1')
    expect(text.match(/# TYPE jobs_total/g)).toHaveLength(1)
  })

  it('is ready when all are, and says which one is not and why', async () => {
    const gateway = await start('gateway', '0')
    expect(await new ChildOperations(() => new Map([['gateway', gateway]])).readReadiness()).toEqual({
      ready: true,
    })
    const worker = await start('worker', '0', 'the engine is not up')
    const children = new Map([
      ['gateway', gateway],
      ['worker', worker],
    ])
    expect(await new ChildOperations(() => children).readReadiness()).toEqual({
      ready: false,
      reason: 'the worker is not ready: the engine is not up',
    })
  })

  it('leaves out a program that is down', async () => {
    const gateway = await start('gateway', '3')
    const children = new Map([
      ['gateway', gateway],
      ['worker', undefined],
    ])
    const operations = new ChildOperations(() => children)
    expect((await operations.readMetrics()).text).toContain('jobs_total{program="gateway"} 3')
    expect(await operations.readReadiness()).toEqual({ ready: false, reason: 'the worker does not answer' })
    gateway.kill('SIGKILL')
    await once(gateway, 'exit')
    expect((await operations.readMetrics()).text.trim()).toBe('')
  })
})
