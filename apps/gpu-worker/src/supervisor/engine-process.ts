import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { NO_TELEMETRY } from '../devices/onnx-telemetry.ts'
import type { FromEngine, ToEngine } from '../engine-protocol.ts'
import { typescriptArguments } from '../typescript.ts'

/** Pause before a dead engine is started again, milliseconds; doubled up to the limit, reset by a finished job. */
const RESTART_MS = { first: 200, limit: 10_000 }
/** How often an engine is asked whether it lives by default, milliseconds. */
const PING_MS = 5_000
/**
 * How an engine allocates (bench/README.md); other C libraries than glibc ignore it. Freed blocks are kept up to 32 MiB
 * unless told where to stop, bytes: after loading half a model's size. Blocks are asked for in pages of 2 MiB (glibc 2.35,
 * Linux with transparent huge pages on request): a row on a CPU takes a fifth less, a load half.
 */
export const HEAP = {
  MALLOC_MMAP_THRESHOLD_: String(1024 * 1024),
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
}
/** How long an engine may take to end by itself, milliseconds. */
const SHUT_DOWN_MS = 3_000

/** What an engine process is started with. */
export interface EngineProcessOptions {
  /** Module of the engine: the real one or the fake. */
  readonly entry: URL
  readonly environment: Record<string, string | undefined>
  /** Silence after which the process counts as hung and is killed, milliseconds. */
  readonly hangMs: number
  /** How often it is asked whether it lives, milliseconds; absent: 5,000. */
  readonly pingMs?: number
  readonly logger: Logger
  readonly onMessage: (message: FromEngine) => void
  /** It died; whatever it ran is gone. A new one starts by itself. */
  readonly onDeath: () => void
}

/** Owns the engine child process: starts it, watches it, kills it when it hangs, starts it again when it dies. */
export class EngineProcess {
  readonly #options: EngineProcessOptions
  #child: ChildProcess | undefined
  /** By a monotonic clock: a machine that slept, or whose clock jumps, has no hanging engine. */
  #heardAt = 0
  #restartMs = RESTART_MS.first
  #restarts = 0
  #isClosing = false
  #timers: NodeJS.Timeout[] = []

  constructor(options: EngineProcessOptions) {
    this.#options = options
    this.#start()
    const watch = setInterval(() => this.#checkLiveness(), options.pingMs ?? PING_MS)
    watch.unref()
    this.#timers.push(watch)
  }

  /** How often the engine was started again. */
  get restarts(): number {
    return this.#restarts
  }

  /** Ends the engine that runs at once, with whatever it computes; another starts. */
  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  /** Sends a message; false when no engine runs, as everything is lost that an engine held. */
  send(message: ToEngine): boolean {
    if (this.#child?.connected !== true) return false
    this.#child.send(message, (error) => void error)
    return true
  }

  /** Says that work goes well: the next restart, if any, happens at once. */
  markHealthy(): void {
    this.#restartMs = RESTART_MS.first
  }

  /** Ends the engine: asks it, then kills it. */
  async close(): Promise<void> {
    this.#isClosing = true
    for (const timer of this.#timers) clearInterval(timer)
    const child = this.#child
    if (child === undefined) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const kill = setTimeout(() => child.kill('SIGKILL'), SHUT_DOWN_MS)
    if (child.connected) child.disconnect()
    await ended
    clearTimeout(kill)
  }

  #start(): void {
    const child = fork(fileURLToPath(this.#options.entry), {
      env: { ...HEAP, ...NO_TELEMETRY, ...this.#options.environment },
      execArgv: typescriptArguments(),
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child = child
    this.#heardAt = performance.now()
    child.on('message', (message) => {
      this.#heardAt = performance.now()
      this.#options.onMessage(message as FromEngine)
    })
    child.on('error', (error) => {
      this.#options.logger.error({ err: error }, 'the engine process failed')
      // What the system would not start does not exit.
      if (child.pid === undefined) this.#died(null, null)
    })
    child.once('exit', (code, signal) => this.#died(code, signal))
  }

  #died(code: number | null, signal: NodeJS.Signals | null): void {
    this.#child = undefined
    if (this.#isClosing) return
    this.#restarts += 1
    this.#options.logger.error(
      { code, signal, restarts: this.#restarts },
      'the engine process died; starting another',
    )
    this.#options.onDeath()
    const timer = setTimeout(() => this.#isClosing || this.#start(), this.#restartMs)
    this.#timers.push(timer)
    this.#restartMs = Math.min(this.#restartMs * 2, RESTART_MS.limit)
  }

  #checkLiveness(): void {
    if (this.#child === undefined) return
    const silentMs = performance.now() - this.#heardAt
    if (silentMs > this.#options.hangMs) {
      this.#options.logger.error({ silentMs }, 'the engine process hangs; killing it')
      return this.kill()
    }
    this.send({ kind: 'ping' })
  }
}
