import { JobState } from '@atelier/proto'
import { describe, expect, it, vi } from 'vitest'
import { EventLog, type Told } from './event-log.ts'

const step = (value: number) =>
  ({
    $case: 'stepProgress',
    value: { step: value, totalSteps: 1_000, passIndex: 0, nodeId: '' },
  }) as const
const preview = (value: number) =>
  ({
    $case: 'previewReady',
    value: { step: value, data: Buffer.alloc(0), format: 1, width: 8, height: 8, nodeId: '' },
  }) as const

/** Watches and collects. */
function collect(log: EventLog, from = { epoch: 0, afterSequence: 0 }) {
  const told: Told[] = []
  const unwatch = log.watch('job', from, (one) => told.push(one))
  return { told, unwatch, sequences: () => told.map(({ event }) => event.sequence) }
}

describe('EventLog', () => {
  it('numbers the events of a job from one and stamps epoch and time', () => {
    const log = new EventLog(() => 42)
    log.open('job', 3)
    log.add('job', step(1))
    log.add('job', step(2))
    expect(collect(log).told.map(({ event }) => [event.epoch, event.sequence, event.timeMs])).toEqual([
      [3, 1, 42],
      [3, 2, 42],
    ])
  })

  it('tells a watcher what it missed, then what comes, until it leaves', () => {
    const log = new EventLog()
    log.open('job', 1)
    log.add('job', step(1))
    log.add('job', step(2))
    const watcher = collect(log, { epoch: 1, afterSequence: 1 })
    log.add('job', step(3))
    watcher.unwatch?.()
    log.add('job', step(4))
    expect(watcher.sequences()).toEqual([2, 3])
  })

  it('tells a watcher of another epoch everything', () => {
    const log = new EventLog()
    log.open('job', 2)
    log.add('job', step(1))
    expect(collect(log, { epoch: 1, afterSequence: 40 }).sequences()).toEqual([1])
  })

  it('keeps the newest preview only', () => {
    const log = new EventLog()
    log.open('job', 1)
    log.add('job', preview(1))
    log.add('job', step(1))
    log.add('job', preview(2))
    expect(collect(log).sequences()).toEqual([2, 3])
  })

  it('says so when events between are gone', () => {
    const log = new EventLog()
    log.open('job', 1)
    for (let i = 0; i < 600; i += 1) log.add('job', step(i))
    const { told } = collect(log, { epoch: 1, afterSequence: 10 })
    expect(told[0]?.isReset).toBe(true)
    expect(told.slice(1).some(({ isReset }) => isReset)).toBe(false)
    expect(told.at(-1)?.event.sequence).toBe(600)
    expect(collect(log, { epoch: 1, afterSequence: 590 }).told[0]?.isReset).toBe(false)
  })

  it('goes on for its watchers when the job is run again at the next epoch', () => {
    const log = new EventLog()
    log.open('job', 1)
    const watcher = collect(log)
    log.add('job', step(1))
    log.open('job', 2)
    log.add('job', step(1))
    expect(watcher.told.map(({ event }) => event.epoch)).toEqual([1, 2])
  })

  it('takes nothing after the end, and forgets the job a while later', () => {
    vi.useFakeTimers()
    const log = new EventLog()
    log.open('job', 1)
    log.end('job', JobState.JOB_STATE_DONE)
    log.add('job', step(1))
    expect(collect(log).told.map(({ event }) => event.event?.$case)).toEqual(['jobEnd'])
    vi.advanceTimersByTime(120_000)
    expect(collect(log).unwatch).toBeUndefined()
    vi.useRealTimers()
  })

  it('knows nothing of jobs that never ran here', () => {
    expect(collect(new EventLog()).unwatch).toBeUndefined()
  })
})
