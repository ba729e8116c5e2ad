/** The environment of a program: this process's, with the command line's settings on top. */
export function mergeEnvironment(
  settings: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  return { ...process.env, ...settings }
}

/** How long a worker's last step and leaving may take when it stops, besides what it drains for, milliseconds. */
const STOP_MARGIN_MS = 10_000
/** What gateway and worker drain for at most where nothing is set, milliseconds. */
const DRAIN_MS = 20_000

/** How long gateway and worker may take to stop, milliseconds: what they were told to drain for, and a margin. */
export function toStopGraceMs({
  ATELIER_DRAIN_SECONDS: seconds,
}: Record<string, string | undefined>): number {
  return Math.max(DRAIN_MS, (Number(seconds) || 0) * 1000) + STOP_MARGIN_MS
}
