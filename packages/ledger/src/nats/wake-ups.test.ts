import { describe, expect, it } from 'vitest'
import { WakeUps } from './wake-ups.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('WakeUps', () => {
  const waitMany = (news: WakeUps, groups: readonly string[], signal?: AbortSignal) => {
    const woken: number[] = []
    for (const [i, group] of groups.entries()) void news.wait(60_000, signal, group).then(() => woken.push(i))
    return woken
  }

  it('wakes the one of each group who waits longest, then the next', async () => {
    const news = new WakeUps()
    const stop = new AbortController()
    const woken = waitMany(news, ['a', 'a', 'b', 'a', 'b'], stop.signal)
    news.wakeOneOfEach()
    await settle()
    expect(woken).toEqual([0, 2])
    news.wakeOneOfEach()
    await settle()
    expect(woken).toEqual([0, 2, 1, 4])
    stop.abort()
    await settle()
    expect(woken).toEqual([0, 2, 1, 4, 3])
  })

  it('wakes everyone', async () => {
    const news = new WakeUps()
    const woken = waitMany(news, ['', 'a', 'a'])
    news.wake()
    await settle()
    expect(woken).toEqual([0, 1, 2])
  })

  it('ends a wait after its time, and one whose signal has been given at once', async () => {
    const news = new WakeUps()
    await news.wait(5)
    await news.wait(60_000, AbortSignal.abort())
    news.wakeOneOfEach()
  })
})
