import { describe, expect, it } from 'vitest'
import { formatAgo, formatBytes, formatSpan } from './format.ts'

describe('formats', () => {
  it('give bytes in a unit that suits them', () => {
    expect([0, 900, 2_048, 40_000_000, 2_132_625_894].map(formatBytes)).toEqual([
      ...['0 B', '900 B', '2.0 kB', '38.1 MB', '2.0 GB'],
    ])
  })

  it('give spans in their two largest units', () => {
    expect([0.25, 0, 8.6, 59.4, 65, 3_700, 90_000].map(formatSpan)).toEqual([
      ...['0.3 s', '0 s', '9 s', '59 s', '1 min 5 s', '1 h 1 min', '1 d 1 h'],
    ])
  })

  it('say how long ago something was', () => {
    expect([0, 30, 300, 7_200].map((seconds) => formatAgo(0, seconds * 1_000))).toEqual([
      ...['just now', '30 s ago', '5 min ago', '2 h ago'],
    ])
  })
})
