import { describe, expect, it } from 'vitest'
import { planBody, type PlainBody, type RequestWorld } from '../test-kit/plan-request.ts'
import { applyPattern } from './apply-pattern.ts'

/** The name of the first picture of a request. */
function nameOf(pattern: string, body: PlainBody = {}, world?: RequestWorld): string {
  const plan = planBody({ prompt: 'a red fox, autumn', seed: 42, ...body }, world)
  const time = new Date(2024, 0, 5, 13, 4, 9).getTime()
  return applyPattern(pattern, {
    ...{ plan, index: 0, now: time, startedAt: time, styles: [], width: 64, height: 72 },
  })
}

// What the original makes of patterns is compared with its recorded names in name-patterns.recorded.test.ts.
describe('the pattern of a name', () => {
  it('is written as it is but for what stands in brackets', () => {
    expect(nameOf('a-[seed] b')).toBe('a-42 b')
    expect(nameOf('[steps]x[cfg]', { steps: 3 })).toBe('3x7.0')
    expect(nameOf('')).toBe('')
  })

  it('takes names in any case, and keeps those that are not known', () => {
    expect(nameOf('[SEED]-[unknown]-[Seed]')).toBe('42-[unknown]-42')
    expect(nameOf('[toString]-[__proto__]')).toBe('[toString]-[__proto__]')
  })

  it('keeps brackets that are open or empty', () => {
    expect(nameOf('a[seed')).toBe('a[seed')
    expect(nameOf('a]b[]c')).toBe('a]b[]c')
    expect(nameOf('[[seed]]')).toBe('[42]')
  })

  it('leaves out what a pattern says nothing with, and the text before it', () => {
    expect(nameOf('[seed]-[batch_number]', { batch_size: 1 })).toBe('42')
    expect(nameOf('[seed]-[batch_number]', { batch_size: 2 })).toBe('42-1')
  })

  it('gives arguments in angle brackets', () => {
    expect(nameOf('[datetime<%Y-%m-%d>]')).toBe('2024-01-05')
    expect(nameOf('[hasprompt<fox|cat><zebra|none>]')).toBe('foxnone')
    expect(nameOf('[prompt_hash<4>]')).toMatch(/^[0-9a-f]{4}$/)
  })

  it('tells the size that the picture has', () => {
    expect(nameOf('[width]x[height]', { width: 100, height: 100 })).toBe('64x72')
  })
})
