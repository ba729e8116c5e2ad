import { describe, expect, it, vi } from 'vitest'
import { createNewest } from './newest.ts'

/** Something to fetch whose answers a test gives by hand. */
function createSource() {
  const answers: ((value: string | undefined) => void)[] = []
  const fetch = vi.fn(() => new Promise<string | undefined>((resolve) => answers.push(resolve)))
  const answer = async (value: string | undefined) => {
    answers.shift()?.(value)
    await new Promise((resolve) => setTimeout(resolve))
  }
  return { fetch, answer }
}

describe('createNewest', () => {
  it('shows an answer though newer ones were announced meanwhile, and asks for those once', async () => {
    const { fetch, answer } = createSource()
    const shown: string[] = []
    const newest = createNewest(fetch, (value) => void shown.push(value))
    for (let count = 0; count < 10; count++) newest.ask()
    expect(fetch).toHaveBeenCalledTimes(1)
    await answer('first')
    expect(shown).toEqual(['first'])
    expect(fetch).toHaveBeenCalledTimes(2)
    await answer('tenth')
    expect(shown).toEqual(['first', 'tenth'])
    expect(fetch).toHaveBeenCalledTimes(2)
  })

  it('goes on after nothing and after failures', async () => {
    const { fetch, answer } = createSource()
    const shown: string[] = []
    const newest = createNewest(fetch, (value) => void shown.push(value))
    newest.ask()
    await answer(undefined)
    fetch.mockRejectedValueOnce(new Error('gone'))
    newest.ask()
    await new Promise((resolve) => setTimeout(resolve))
    newest.ask()
    await answer('last')
    expect(shown).toEqual(['last'])
  })

  it('shows nothing after it was stopped, and asks for nothing', async () => {
    const { fetch, answer } = createSource()
    const shown: string[] = []
    const newest = createNewest(fetch, (value) => void shown.push(value))
    newest.ask()
    newest.ask()
    newest.stop()
    await answer('late')
    expect([shown, fetch.mock.calls.length]).toEqual([[], 1])
  })
})
