import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What a program says when it is ready. */
export interface ReadyMessage {
  readonly kind: 'ready'
  readonly ports?: Readonly<Record<string, number>>
}

/** Pause before a program that died is started again, milliseconds; doubled up to the limit, reset by a good start. */
const RESTART_MS = { first: 500, limit: 15_000 }

/** What a child program is started with. */
export interface ChildProgramOptions {
  readonly name: string
  /** Module specifier of its entry, such as "@atelier/gateway/main". */
  readonly entry: string
  readonly environment: Record<string, string | undefined>
  readonly onReady: (message: ReadyMessage) => void
  /** It ended before it was ever ready: starting again would not help. */
  readonly onFirstStartFailed: (exitCode: number) => void
  /** A line it logged. */
  readonly onLine: (line: string) => void
}

/** Owns one forked program: starts it again when it dies, stops it with SIGTERM. */
export class ChildProgram {
  readonly #options: ChildProgramOptions
  #child: ChildProcess | undefined
  #wasReady = false
  #isStopping = false
  #restartMs = RESTART_MS.first
  #timer: NodeJS.Timeout | undefined

  constructor(options: ChildProgramOptions) {
    this.#options = options
    this.#start()
  }

  #start(): void {
    const { entry, environment } = this.#options
    const child = fork(fileURLToPath(import.meta.resolve(entry)), {
      env: environment,
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    this.#child = child
    child.on('message', (message: ReadyMessage) => {
      if (message.kind !== 'ready') return
      this.#wasReady = true
      this.#restartMs = RESTART_MS.first
      this.#options.onReady(message)
    })
    if (child.stdout) readLines(child.stdout, this.#options.onLine)
    child.once('exit', (code) => this.#ended(code ?? 1))
    child.on('error', (error) => {
      this.#options.onLine(`${this.#options.name}: ${error.message}`)
      // What the system would not start does not exit.
      if (child.pid === undefined) this.#ended(1)
    })
  }

  #ended(exitCode: number): void {
    this.#child = undefined
    if (this.#isStopping) return
    if (!this.#wasReady) return this.#options.onFirstStartFailed(exitCode)
    this.#timer = setTimeout(() => this.#start(), this.#restartMs)
    this.#restartMs = Math.min(this.#restartMs * 2, RESTART_MS.limit)
  }

  /** Its process while it runs. */
  get process(): ChildProcess | undefined {
    return this.#child
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Asks it to drain and waits for its end; kills it after the grace period. Returns its exit code. */
  stop(graceMs: number): Promise<number> {
    this.#isStopping = true
    clearTimeout(this.#timer)
    const child = this.#child
    if (child === undefined) return Promise.resolve(0)
    return new Promise((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      child.once('exit', (code) => {
        clearTimeout(timer)
        resolve(code ?? 1)
      })
      child.kill('SIGTERM')
    })
  }
}

function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
  })
}
