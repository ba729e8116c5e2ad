import { describe, expect, it } from 'vitest'
import { WakeUps } from './wake-ups.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('WakeUps', () => {
  const waitMany = (news: WakeUps, count: number, signal?: AbortSignal) => {
    const woken: number[] = []
    for (let i = 0; i < count; i += 1) void news.wait(60_000, signal).then(() => woken.push(i))
    return woken
  }

  it('wakes the one who waits longest, then the next', async () => {
    const news = new WakeUps()
    const stop = new AbortController()
    const woken = waitMany(news, 3, stop.signal)
    news.wakeOne()
    await settle()
    expect(woken).toEqual([0])
    news.wakeOne()
    await settle()
    expect(woken).toEqual([0, 1])
    stop.abort()
    await settle()
    expect(woken).toEqual([0, 1, 2])
  })

  it('wakes everyone', async () => {
    const news = new WakeUps()
    const woken = waitMany(news, 3)
    news.wake()
    await settle()
    expect(woken).toEqual([0, 1, 2])
  })

  it('ends a wait after its time, and one whose signal has been given at once', async () => {
    const news = new WakeUps()
    await news.wait(5)
    await news.wait(60_000, AbortSignal.abort())
    news.wakeOne()
  })
})
