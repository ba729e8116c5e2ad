import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** First start: transforms every source file, on a busy machine. */
const START_LIMIT_MS = 120_000
/** How long a program may take to stop, milliseconds. */
const STOP_LIMIT_MS = 60_000
/** Lines of output kept for a failure's report. */
const KEPT_LINES = 200

/** A program of ours that can be killed and started again. */
export interface Program {
  readonly name: string
  /** Starts it and resolves when it says that it is ready. */
  start(): Promise<void>
  /** SIGKILL, as a crash or the kernel would; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  readonly isUp: boolean
  readonly pid: number | undefined
  /** The last lines it printed. */
  output(): string
}

/** What a program is started with. */
export interface ProgramOptions {
  readonly name: string
  /** Subcommand of `atelier`. */
  readonly command: 'gateway' | 'worker'
  readonly environment: Readonly<Record<string, string>>
  /** Flags of Node itself, such as `--cpu-prof`. */
  readonly nodeFlags?: readonly string[]
  /** Hears how it ended, and its last lines, when it ends though nobody ended it. */
  readonly onCrash?: (report: string) => void
}

interface State {
  child: ChildProcess | undefined
  /** Whether the end of the present child is wanted. */
  isEnding: boolean
  readonly lines: string[]
}

/** Prepares a program; it is not running yet. */
export function createProgram({ name, command, environment, ...options }: ProgramOptions): Program {
  const { nodeFlags = [], onCrash } = options
  const state: State = { child: undefined, isEnding: false, lines: [] }
  const args = [...nodeFlags, '--import', 'tsx', 'apps/standalone/src/main.ts', command]
  return {
    name,
    get isUp() {
      return state.child !== undefined
    },
    get pid() {
      return state.child?.pid
    },
    output: () => state.lines.join('\n'),
    start() {
      const child = spawn(process.execPath, args, {
        cwd: ROOT,
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      state.child = child
      state.isEnding = false
      child.once('exit', (code, signal) => {
        if (!state.isEnding)
          onCrash?.(`${name} ended by itself with ${code ?? signal}:\n${state.lines.join('\n')}`)
        if (state.child === child) state.child = undefined
      })
      return waitForLine(child, `"event":"${command}-ready"`, state.lines, name)
    },
    async kill() {
      const { child } = state
      if (child === undefined) return
      state.isEnding = true
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    },
    stop() {
      const { child } = state
      if (child === undefined) return Promise.resolve(null)
      state.isEnding = true
      return new Promise((resolve) => {
        const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
        child.once('exit', (code) => {
          clearTimeout(limit)
          resolve(code)
        })
        child.kill('SIGTERM')
      })
    },
  }
}

function waitForLine(child: ChildProcess, text: string, lines: string[], name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = ''
    const hear = (part: Buffer): void => {
      const heard = (rest + part.toString()).split('\n')
      rest = heard.pop() ?? ''
      lines.push(...heard)
      lines.splice(0, lines.length - KEPT_LINES)
      if (heard.some((line) => line.includes(text))) finish()
    }
    const finish = (error?: Error): void => {
      clearTimeout(limit)
      if (error) reject(error)
      else resolve()
    }
    const limit = setTimeout(
      () => finish(new Error(`${name} was not ready within the limit:\n${lines.join('\n')}`)),
      START_LIMIT_MS,
    )
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    child.once('exit', (code, signal) =>
      finish(new Error(`${name} ended with ${code ?? signal} before it was ready:\n${lines.join('\n')}`)),
    )
  })
}
