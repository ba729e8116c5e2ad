import { ChildOperations, serveOperations } from '@atelier/telemetry'
import { ChildProgram, type ReadyMessage } from './child-program.ts'
import { toStopGraceMs } from './config.ts'
import { describeAddresses } from './greeting.ts'

/** Both programs are asked over their channels, and one port shows them. */
const NO_PORT = { ATELIER_METRICS_PORT: '0' }
const METRICS_PORT = 9464

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
  const programs = new Map<string, ChildProgram>()
  const start = (name: string, entry: string, own: Record<string, string>): void => {
    programs.set(
      name,
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
    await Promise.all([...programs.values()].map((program) => program.stop(toStopGraceMs(environment))))
    exit(code)
  }
  start('gateway', '@atelier/gateway/main', NO_PORT)
  start('worker', '@atelier/gpu-worker/main', NO_PORT)
  const children = new ChildOperations(
    () => new Map([...programs].map(([name, program]) => [name, program.process])),
  )
  showOperations(environment, children).catch((error: unknown) => {
    print(`the metrics port cannot be opened: ${String(error)}`)
    void stop(1)
  })
  process.on('SIGINT', () => void stop(0))
  process.on('SIGTERM', () => void stop(0))
}

/** Opens the port of metrics and health, unless it is switched off. */
async function showOperations(
  environment: Record<string, string | undefined>,
  children: ChildOperations,
): Promise<void> {
  const port = Number(environment['ATELIER_METRICS_PORT'] ?? METRICS_PORT)
  if (port === 0) return
  await serveOperations({
    host: environment['ATELIER_HOST'] ?? '127.0.0.1',
    port,
    readMetrics: () => children.readMetrics(),
    readReadiness: () => children.readReadiness(),
  })
}
