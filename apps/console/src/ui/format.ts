const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const
const STEP = 1024

/** A number of bytes in a unit that suits it: "1.9 GB". */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log(bytes) / Math.log(STEP)), BYTE_UNITS.length - 1)
  const value = bytes / STEP ** power
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[power]}`
}

/** A span of time in its two largest units: "1 min 5 s". */
export function formatSpan(seconds: number): string {
  const whole = Math.round(seconds)
  if (seconds < 10) return `${seconds < 1 && seconds > 0 ? seconds.toFixed(1) : whole} s`
  if (whole < 60) return `${whole} s`
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  if (whole < 86_400) return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3_600)} h`
}

/** How long ago something was: "just now", "5 min ago". */
export function formatAgo(timeMs: number, nowMs: number): string {
  const seconds = Math.max(0, (nowMs - timeMs) / 1_000)
  if (seconds < 10) return 'just now'
  if (seconds < 60) return `${Math.round(seconds)} s ago`
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h ago`
  return new Date(timeMs).toLocaleDateString()
}
