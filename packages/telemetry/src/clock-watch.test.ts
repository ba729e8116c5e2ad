import { afterEach, describe, expect, it } from 'vitest'
import { ClockWatch } from './clock-watch.ts'

describe('ClockWatch', () => {
  const clock = { now: 1_000_000, elapsed: 0 }
  const jumps: number[] = []
  const watch = new ClockWatch({
    onJump: (milliseconds) => jumps.push(milliseconds),
    now: () => clock.now,
    elapsed: () => clock.elapsed,
  })
  afterEach(() => watch.close())

  it('tells and counts jumps either way, not the time that passes nor small corrections', async () => {
    const pass = (elapsed: number, jump: number) => {
      clock.elapsed += elapsed
      clock.now += elapsed + jump
      watch.look()
    }
    expect((await watch.counter.get()).values.map(({ value }) => value)).toEqual([0, 0])
    pass(5_000, 0)
    pass(60_000, 1_500)
    expect(jumps).toEqual([])
    pass(5_000, 3_600_000)
    pass(5_000, 0)
    pass(5_000, -7_200_000)
    expect(jumps).toEqual([3_600_000, -7_200_000])
    expect((await watch.counter.get()).values.map(({ labels, value }) => [labels.direction, value])).toEqual([
      ['forward', 1],
      ['back', 1],
    ])
  })
})
