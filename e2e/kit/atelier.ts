import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findPort } from '@atelier/ledger/test-kit'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** First start: transforms every source file and loads the checkpoint's header, on a busy machine. */
const START_LIMIT_MS = 120_000
const STOP_LIMIT_MS = 60_000

/** A running `atelier serve`. */
export interface Atelier {
  /** Address of the WebUI port. */
  readonly webui: string
  /** Address of the ComfyUI port. */
  readonly comfy: string
  readonly comfyPort: number
  /** Folder of jobs and pictures. */
  readonly data: string
  /** Everything it printed so far. */
  output(): string
  /** Process ids of its descendants whose command line contains the text. */
  findProcesses(text: string): number[]
  /** Sends SIGINT, as Ctrl-C does, and resolves with the exit code. */
  stop(): Promise<number | null>
}

/** Starts `atelier serve` on free ports with a data folder of its own, as `npm start` does. */
export async function startAtelier(
  environment: Record<string, string> = {},
  limitMs = START_LIMIT_MS,
): Promise<Atelier> {
  const data = mkdtempSync(join(tmpdir(), 'atelier-e2e-'))
  const [port, comfyPort] = [await findPort(), await findPort()]
  const child = spawn(process.execPath, ['--import', 'tsx', 'apps/standalone/src/main.ts', 'serve'], {
    cwd: ROOT,
    env: {
      ...process.env,
      ATELIER_PORT: String(port),
      ATELIER_COMFY_PORT: String(comfyPort),
      ATELIER_METRICS_PORT: '0',
      ATELIER_DATA: data,
      ATELIER_MODELS: join(data, 'no-models'),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = collectOutput(child)
  try {
    await waitForText(child, output, { text: 'Atelier is ready', limitMs })
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return {
    webui: `http://127.0.0.1:${port}`,
    comfy: `http://127.0.0.1:${comfyPort}`,
    comfyPort,
    data,
    output,
    findProcesses: (text) => findDescendants(child.pid ?? 0, text),
    stop: () => stopChild(child, data),
  }
}

function collectOutput(child: ChildProcess): () => string {
  const parts: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part: Buffer) => parts.push(part.toString()))
  return () => parts.join('')
}

function waitForText(
  child: ChildProcess,
  output: () => string,
  { text, limitMs }: { readonly text: string; readonly limitMs: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: Error): void => {
      clearInterval(poll)
      clearTimeout(limit)
      if (error) reject(error)
      else resolve()
    }
    const poll = setInterval(() => output().includes(text) && finish(), 50)
    const limit = setTimeout(
      () => finish(new Error(`no "${text}" within ${limitMs / 1000} s:\n${output()}`)),
      limitMs,
    )
    child.once('exit', (code) => finish(new Error(`atelier ended with ${code}:\n${output()}`)))
  })
}

function stopChild(child: ChildProcess, data: string): Promise<number | null> {
  return new Promise((resolve) => {
    const done = (code: number | null): void => {
      clearTimeout(limit)
      rmSync(data, { recursive: true, force: true })
      resolve(code)
    }
    const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS)
    if (child.exitCode !== null) return done(child.exitCode)
    child.once('exit', done)
    child.kill('SIGINT')
  })
}

function findDescendants(root: number, text: string): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .flatMap((match) =>
      match ? [{ pid: Number(match[1]), parent: Number(match[2]), command: match[3] ?? '' }] : [],
    )
  const family = new Set([root])
  // Children come after their parents in age, not always in listing order: repeat until nothing is added.
  for (let size = 0; size !== family.size;) {
    size = family.size
    for (const { pid, parent } of rows) if (family.has(parent)) family.add(pid)
  }
  return rows.filter(({ pid, command }) => family.has(pid) && command.includes(text)).map(({ pid }) => pid)
}
