const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')

const FIELDS: Readonly<Record<string, (time: Date) => string>> = {
  Y: (time) => String(time.getFullYear()),
  y: (time) => pad(time.getFullYear() % 100),
  m: (time) => pad(time.getMonth() + 1),
  d: (time) => pad(time.getDate()),
  H: (time) => pad(time.getHours()),
  I: (time) => pad(time.getHours() % 12 || 12),
  M: (time) => pad(time.getMinutes()),
  S: (time) => pad(time.getSeconds()),
  f: (time) => pad(time.getMilliseconds() * 1000, 6),
  p: (time) => (time.getHours() < 12 ? 'AM' : 'PM'),
  a: (time) => time.toLocaleDateString('en-US', { weekday: 'short' }),
  A: (time) => time.toLocaleDateString('en-US', { weekday: 'long' }),
  b: (time) => time.toLocaleDateString('en-US', { month: 'short' }),
  B: (time) => time.toLocaleDateString('en-US', { month: 'long' }),
  '%': () => '%',
}

/** A time in local time, by the fields of Python's strftime that name dates and times; others stay as written. */
export function formatTime(timeMs: number, format: string): string {
  const time = new Date(timeMs)
  return format.replace(/%([A-Za-z%])/g, (whole, field: string) => FIELDS[field]?.(time) ?? whole)
}
