import { ChildProgram, type ReadyMessage } from './child-program.ts'
import { describeAddresses } from './greeting.ts'

/** How long gateway and worker may take to finish what they hold, milliseconds. */
const STOP_GRACE_MS = 30_000
/** Unset, a worker's metrics port would collide with the gateway's on the same machine. */
const NO_PORT = '0'

/** What `serve` runs with. */
export interface ServeOptions {
  readonly environment: Record<string, string | undefined>
  readonly print: (line: string) => void
  readonly exit: (code: number) => void
}

/**
 * Runs gateway and worker as two processes joined by the embedded ledger: prints the addresses when both are ready,
 * starts again what dies, and on SIGINT or SIGTERM drains both and exits with 0.
 */
export function serve({ environment, print, exit }: ServeOptions): void {
  const ready = new Map<string, ReadyMessage>()
  const programs: ChildProgram[] = []
  const start = (name: string, entry: string, own: Record<string, string>): void => {
    programs.push(
      new ChildProgram({
        name,
        entry,
        environment: { ...environment, ...own },
        onLine: print,
        onReady(message) {
          const isFirst = !ready.has(name)
          ready.set(name, message)
          if (isFirst && ready.size === 2)
            print(describeAddresses(environment, ready.get('gateway')?.ports ?? {}))
        },
        onFirstStartFailed: (code) => void stop(code === 0 ? 1 : code),
      }),
    )
  }
  const state = { isStopping: false }
  const stop = async (code: number): Promise<void> => {
    if (state.isStopping) return
    state.isStopping = true
    await Promise.all(programs.map((program) => program.stop(STOP_GRACE_MS)))
    exit(code)
  }
  start('gateway', '@atelier/gateway/main', {})
  start('worker', '@atelier/gpu-worker/main', { ATELIER_METRICS_PORT: NO_PORT })
  process.on('SIGINT', () => void stop(0))
  process.on('SIGTERM', () => void stop(0))
}
