import { describe, expect, it } from 'vitest'
import { formatTime } from './format-time.ts'

// Python: datetime(…).strftime(…).
describe('a time in the name of a picture', () => {
  it.each([
    ['%Y-%m-%d', '2024-01-05'],
    ['%y%m%d', '240105'],
    ['%H:%M:%S.%f', '13:04:09.007000'],
    ['%I %p', '01 PM'],
    ['%a %A %b %B', 'Fri Friday Jan January'],
    ['100%%', '100%'],
    ['%%Y', '%Y'],
    ['', ''],
  ])('is written by "%s" as "%s"', (format, expected) => {
    expect(formatTime(new Date(2024, 0, 5, 13, 4, 9, 7).getTime(), format)).toBe(expected)
  })

  it.each([
    ['%I %p', '12 AM'],
    ['%y%m%d %H', '991231 00'],
  ])('of midnight is written by "%s" as "%s"', (format, expected) => {
    expect(formatTime(new Date(1999, 11, 31, 0, 59).getTime(), format)).toBe(expected)
  })

  it('keeps what is no field of it', () => {
    expect(formatTime(0, '50% %q %')).toBe('50% %q %')
  })
})
