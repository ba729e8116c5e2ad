/**
 * Seconds from `npm start` to the first 512x512 picture of 20 steps with the demo checkpoint, and the peak resident
 * memory of each process. Run: node --import tsx bench/first-picture.ts
 */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'

const PORT = 17860
const COMFY_PORT = 18188
const GIB = 2 ** 30

interface ProcessPeak {
  readonly program: string
  readonly peakGib: number
}

const started = performance.now()
const secondsSinceStart = (): number => Number(((performance.now() - started) / 1000).toFixed(2))
const data = mkdtempSync(join(tmpdir(), 'atelier-bench-'))
const server = spawn('npm', ['start'], {
  detached: true,
  stdio: ['ignore', 'ignore', 'inherit'],
  env: {
    ...process.env,
    ATELIER_PORT: String(PORT),
    ATELIER_COMFY_PORT: String(COMFY_PORT),
    ATELIER_METRICS_PORT: '0',
    ATELIER_DATA: data,
  },
})

try {
  const request = {
    prompt: 'a red circle',
    seed: 1,
    steps: 20,
    width: 512,
    height: 512,
    sampler_name: 'Euler',
  }
  await waitForPort()
  const readySeconds = secondsSinceStart()
  const first = await timePicture(request)
  const firstPictureSeconds = secondsSinceStart()
  const second = await timePicture({ ...request, seed: 2 })
  const report = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    node: process.version,
    readySeconds,
    firstRequestSeconds: first,
    startToFirstPictureSeconds: firstPictureSeconds,
    secondRequestSeconds: second,
    peaks: readPeaks(server.pid ?? 0),
  }
  mkdirSync(new URL('results', import.meta.url), { recursive: true })
  writeFileSync(
    new URL('results/first-picture.json', import.meta.url),
    `${JSON.stringify(report, null, 2)}\n`,
  )
  console.log(JSON.stringify(report, null, 2))
} finally {
  if (server.pid !== undefined) process.kill(-server.pid, 'SIGINT')
}

async function waitForPort(): Promise<void> {
  for (;;) {
    // The model list is empty until the worker has entered the directory.
    const models = await fetch(`http://127.0.0.1:${PORT}/sdapi/v1/sd-models`).then(
      (response) => response.json() as Promise<unknown[]>,
      () => [],
    )
    if (models.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function timePicture(request: object): Promise<number> {
  const start = performance.now()
  const response = await fetch(`http://127.0.0.1:${PORT}/sdapi/v1/txt2img`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
  const answer = (await response.json()) as { images?: string[] }
  if (answer.images?.length !== 1)
    throw new Error(`no picture: ${response.status} ${JSON.stringify(answer).slice(0, 300)}`)
  return Number(((performance.now() - start) / 1000).toFixed(2))
}

/** Peak resident memory (VmHWM) of every process of the server's process group. */
function readPeaks(group: number): ProcessPeak[] {
  const peaks: ProcessPeak[] = []
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const processGroup = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])
      if (processGroup !== group) continue
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      const program = command.find((part) => /main\.ts$|npm/.test(part)) ?? command[0] ?? pid
      const peakKib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
      peaks.push({
        program: program.replace(process.cwd(), '.'),
        peakGib: Number(((peakKib * 1024) / GIB).toFixed(3)),
      })
    } catch {
      // The process ended while it was read.
    }
  }
  return peaks
}
