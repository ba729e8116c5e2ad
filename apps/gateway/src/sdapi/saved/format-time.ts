const pad = (value: number, digits = 2, fill = '0'): string => String(value).padStart(digits, fill)

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August'],
  ...['September', 'October', 'November', 'December'],
]
const DAY_MS = 24 * 60 * 60 * 1000

/** A time, and what clocks show then: a date whose UTC fields are the zone's. */
interface Clock {
  readonly timeMs: number
  readonly wall: Date
}

const short = (name: string | undefined) => (name ?? '').slice(0, 3)
const dayOfYear = ({ wall }: Clock) =>
  Math.floor((wall.getTime() - Date.UTC(wall.getUTCFullYear(), 0, 1)) / DAY_MS)
const hour12 = ({ wall }: Clock) => wall.getUTCHours() % 12 || 12
/** Monday is 1, Sunday 7. */
const isoDay = ({ wall }: Clock) => wall.getUTCDay() || 7

/** Week and year by ISO 8601: those of the week's Thursday. */
function isoWeek(clock: Clock): { week: number; year: number } {
  const thursday = new Date(clock.wall.getTime() + (4 - isoDay(clock)) * DAY_MS)
  return {
    week: Math.floor(dayOfYear({ ...clock, wall: thursday }) / 7) + 1,
    year: thursday.getUTCFullYear(),
  }
}

function offset({ timeMs, wall }: Clock): string {
  const minutes = Math.round((wall.getTime() - timeMs) / 60_000)
  const away = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(away / 60))}${pad(away % 60)}`
}

/** Fields that stand for several others (C locale). */
const COMPOUND: Readonly<Record<string, string>> = {
  ...{ D: '%m/%d/%y', x: '%m/%d/%y', F: '%Y-%m-%d', T: '%H:%M:%S', X: '%H:%M:%S', R: '%H:%M' },
  ...{ r: '%I:%M:%S %p', c: '%a %b %e %H:%M:%S %Y' },
}

const FIELDS: Readonly<Record<string, (clock: Clock) => string>> = {
  Y: ({ wall }) => String(wall.getUTCFullYear()),
  y: ({ wall }) => pad(wall.getUTCFullYear() % 100),
  C: ({ wall }) => pad(Math.floor(wall.getUTCFullYear() / 100)),
  m: ({ wall }) => pad(wall.getUTCMonth() + 1),
  d: ({ wall }) => pad(wall.getUTCDate()),
  e: ({ wall }) => pad(wall.getUTCDate(), 2, ' '),
  H: ({ wall }) => pad(wall.getUTCHours()),
  k: ({ wall }) => pad(wall.getUTCHours(), 2, ' '),
  I: (clock) => pad(hour12(clock)),
  l: (clock) => pad(hour12(clock), 2, ' '),
  M: ({ wall }) => pad(wall.getUTCMinutes()),
  S: ({ wall }) => pad(wall.getUTCSeconds()),
  f: ({ wall }) => pad(wall.getUTCMilliseconds() * 1000, 6),
  p: ({ wall }) => (wall.getUTCHours() < 12 ? 'AM' : 'PM'),
  P: ({ wall }) => (wall.getUTCHours() < 12 ? 'am' : 'pm'),
  a: ({ wall }) => short(DAYS[wall.getUTCDay()]),
  A: ({ wall }) => DAYS[wall.getUTCDay()] ?? '',
  b: ({ wall }) => short(MONTHS[wall.getUTCMonth()]),
  h: ({ wall }) => short(MONTHS[wall.getUTCMonth()]),
  B: ({ wall }) => MONTHS[wall.getUTCMonth()] ?? '',
  j: (clock) => pad(dayOfYear(clock) + 1, 3),
  u: (clock) => String(isoDay(clock)),
  w: ({ wall }) => String(wall.getUTCDay()),
  U: (clock) => pad(Math.floor((dayOfYear(clock) + 7 - clock.wall.getUTCDay()) / 7)),
  W: (clock) => pad(Math.floor((dayOfYear(clock) + 7 - ((clock.wall.getUTCDay() + 6) % 7)) / 7)),
  V: (clock) => pad(isoWeek(clock).week),
  G: (clock) => String(isoWeek(clock).year),
  g: (clock) => pad(isoWeek(clock).year % 100),
  z: offset,
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
}

/**
 * A time by the fields of Python's strftime on Linux; those it does not know stay as written, and `%Z`. `%-d` has no
 * zeros or blanks before its number. Zones are named as in the IANA list; without a name, or one that is known, local time.
 */
export function formatTime(timeMs: number, format: string, timeZone?: string): string {
  const clock = { timeMs, wall: readWall(timeMs, timeZone) }
  const spread = format.replace(/%(%|[A-Za-z])/g, (whole, field: string) => COMPOUND[field] ?? whole)
  return spread.replace(/%(-?)([A-Za-z%])/g, (whole, plain: string, field: string) => {
    const value = FIELDS[field]?.(clock)
    if (value === undefined) return whole
    return plain === '' ? value : value.replace(/^[0 ]+(?=.)/, '')
  })
}

function readWall(timeMs: number, timeZone: string | undefined): Date {
  const zone = timeZone !== undefined && isZone(timeZone) ? timeZone : undefined
  const parts = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', calendar: 'gregory', numberingSystem: 'latn' },
    ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  } as Intl.DateTimeFormatOptions).formatToParts(timeMs)
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value ?? 0)
  const seconds = Date.UTC(
    ...([part('year'), part('month') - 1, part('day')] as const),
    ...([part('hour'), part('minute'), part('second')] as const),
  )
  return new Date(seconds + (((timeMs % 1000) + 1000) % 1000))
}

function isZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en-US', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
