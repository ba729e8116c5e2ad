import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasTool, requireTool } from './config.ts'
import { findPort } from './find-port.ts'

export { hasTool, requireTool } from './config.ts'
export { findPort } from './find-port.ts'

/** How long a server may take to answer, milliseconds. */
const START_LIMIT_MS = 20_000

/** A real nats-server with JetStream, in a folder of its own. */
export interface TestNatsServer {
  readonly url: string
  readonly port: number
  /** Kills it as a crash would. */
  kill(): Promise<void>
  /** Lets it hang, or go on: its connections stay open. */
  freeze(isFrozen: boolean): void
  /** Starts it again at the same port with the same folder. */
  start(): Promise<void>
  /** Ends it for good and removes its folder. */
  dispose(): Promise<void>
}

/** What a server is started with. */
export interface TestNatsOptions {
  readonly port?: number
  /** Further arguments, such as those of a cluster. */
  readonly args?: readonly string[]
}

/** Whether tests that need nats-server can run; as `hasTool` says it. */
export function hasNatsServer(): boolean {
  return hasTool('nats-server')
}

/** Starts a server on a free port. */
export async function startNatsServer(options: TestNatsOptions = {}): Promise<TestNatsServer> {
  const program = requireTool('nats-server')
  const folder = mkdtempSync(join(tmpdir(), 'nats-'))
  const port = options.port ?? (await findPort())
  const args = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder, ...(options.args ?? [])]
  const state: { child: ChildProcess | undefined } = { child: undefined }
  const server: TestNatsServer = {
    url: `nats://127.0.0.1:${port}`,
    port,
    async start() {
      state.child = spawn(program, args, { stdio: 'ignore' })
      await waitForPort(port)
    },
    freeze(isFrozen) {
      state.child?.kill(isFrozen ? 'SIGSTOP' : 'SIGCONT')
    },
    async kill() {
      const { child } = state
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    },
    async dispose() {
      await server.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}

/** Resolves when something answers on a TCP port. */
export async function waitForPort(port: number): Promise<void> {
  const until = Date.now() + START_LIMIT_MS
  while (Date.now() < until) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (isOpen) return
    await sleep(20)
  }
  throw new Error(`nats-server did not answer on port ${port} within ${START_LIMIT_MS} ms`)
}
