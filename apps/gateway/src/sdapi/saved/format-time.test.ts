import { describe, expect, it } from 'vitest'
import { formatTime } from './format-time.ts'

const FORMAT =
  '%Y-%m-%d %H:%M:%S~%y%C%e|%k|%I|%l|%f~%p %P %a %A %b %h %B~%j %u %w %U %W %V %G %g~%D %F %T %R %r~%c %x %X~%z~%-d.%-m.%-H %-j %-I~100%% %Q %%d~%n%t.'

// What Python 3.11's strftime writes on Linux: milliseconds since 1970, zone, text.
const WRITTEN = [
  [
    1767225599123,
    'Asia/Tokyo',
    '2026-01-01 08:59:59~2620 1| 8|08| 8|123000~AM am Thu Thursday Jan Jan January~001 4 4 00 00 01 2026 26~01/01/26 2026-01-01 08:59:59 08:59 08:59:59 AM~Thu Jan  1 08:59:59 2026 01/01/26 08:59:59~+0900~1.1.8 1 8~100% %Q %d~\n\t.',
  ],
  [
    1767225599123,
    'Asia/Kathmandu',
    '2026-01-01 05:44:59~2620 1| 5|05| 5|123000~AM am Thu Thursday Jan Jan January~001 4 4 00 00 01 2026 26~01/01/26 2026-01-01 05:44:59 05:44 05:44:59 AM~Thu Jan  1 05:44:59 2026 01/01/26 05:44:59~+0545~1.1.5 1 5~100% %Q %d~\n\t.',
  ],
  [
    1709164805007,
    'UTC',
    '2024-02-29 00:00:05~242029| 0|12|12|007000~AM am Thu Thursday Feb Feb February~060 4 4 08 09 09 2024 24~02/29/24 2024-02-29 00:00:05 00:00 12:00:05 AM~Thu Feb 29 00:00:05 2024 02/29/24 00:00:05~+0000~29.2.0 60 12~100% %Q %d~\n\t.',
  ],
  [
    1798761600000,
    'America/New_York',
    '2026-12-31 19:00:00~262031|19|07| 7|000000~PM pm Thu Thursday Dec Dec December~365 4 4 52 52 53 2026 26~12/31/26 2026-12-31 19:00:00 19:00 07:00:00 PM~Thu Dec 31 19:00:00 2026 12/31/26 19:00:00~-0500~31.12.19 365 7~100% %Q %d~\n\t.',
  ],
  [
    1783000000999,
    'Asia/Tokyo',
    '2026-07-02 22:46:40~2620 2|22|10|10|999000~PM pm Thu Thursday Jul Jul July~183 4 4 26 26 27 2026 26~07/02/26 2026-07-02 22:46:40 22:46 10:46:40 PM~Thu Jul  2 22:46:40 2026 07/02/26 22:46:40~+0900~2.7.22 183 10~100% %Q %d~\n\t.',
  ],
  [
    1783000000999,
    'Asia/Kathmandu',
    '2026-07-02 19:31:40~2620 2|19|07| 7|999000~PM pm Thu Thursday Jul Jul July~183 4 4 26 26 27 2026 26~07/02/26 2026-07-02 19:31:40 19:31 07:31:40 PM~Thu Jul  2 19:31:40 2026 07/02/26 19:31:40~+0545~2.7.19 183 7~100% %Q %d~\n\t.',
  ],
] as const

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

  it.each(WRITTEN)('is written as Python does: %i in %s', (timeMs, zone, text) => {
    expect(formatTime(timeMs, FORMAT, zone)).toBe(text)
  })

  it('is local where no zone is named, or none that is known', () => {
    const local = formatTime(0, '%F %T')
    expect(formatTime(0, '%F %T', 'Nowhere/City')).toBe(local)
    expect(formatTime(0, '%F %T', Intl.DateTimeFormat().resolvedOptions().timeZone)).toBe(local)
  })
})
