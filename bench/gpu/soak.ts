/**
 * Two hundred jobs over four checkpoints of which two fit, and what memory is left when all is let go: the device's on a
 * GPU, the engine process's on the CPU. Fails when it is more than it was after the first job of each.
 * Writes `bench/results/soak-<device>.json`.
 *
 * Run: node --import tsx bench/gpu/soak.ts [--device cpu] [--jobs 200] [--full]
 * With `--full` one of the four is a full-size SD 1.5 of random weights.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findTitle, toFileName } from './device-title.ts'
import { writeSd15 } from './networks.ts'
import { cudaIndexOf } from '../../apps/gpu-worker/src/engine/onnx/runtime/cuda-index.ts'
import { startPictureServer, type PictureServer } from './pictures.ts'
import { round } from './statistics.ts'

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'cpu' },
    jobs: { type: 'string', default: '200' },
    full: { type: 'boolean', default: false },
  },
})
const { device } = flags
const jobs = Number(flags.jobs)
const MIB = 2 ** 20
/** Jobs with one checkpoint before the next one's turn. */
const TURN = 5
/** Room for two of the small checkpoints, GiB as f32. */
const BUDGET_GIB = flags.full ? 4 : 0.2
/** What may be left over: allocators keep some of what is freed. */
const ALLOWANCE = { share: 0.05, bytes: 48 * MIB }
/** How often memory is noted, jobs. */
const NOTE_EVERY = 20

/** The demo checkpoint as another file: the same tensors, another identity. */
function writeCopy(number: number): string {
  const source = readFileSync(new URL('../../models/demo/demo.safetensors', import.meta.url))
  const length = Number(source.readBigUInt64LE(0))
  const header = JSON.parse(source.subarray(8, 8 + length).toString()) as Record<string, unknown>
  const text = JSON.stringify({ ...header, __metadata__: { copy: String(number) } })
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8))
  const size = Buffer.alloc(8)
  size.writeBigUInt64LE(BigInt(padded.length))
  const path = join(tmpdir(), `atelier-soak-${number}.safetensors`)
  writeFileSync(path, Buffer.concat([size, padded, source.subarray(8 + length)]))
  return path
}

/** Memory in use: of the whole device, or of the engine process without the files it maps. */
function readMemory(server: PictureServer): number {
  const index = cudaIndexOf(device)
  if (index !== undefined) {
    const query = ['--query-gpu=memory.used', '--format=csv,noheader,nounits', `--id=${index}`]
    return Number(execFileSync('nvidia-smi', query, { encoding: 'utf8' })) * MIB
  }
  const pids = server.atelier.findProcesses('engine/main.ts')
  return pids.reduce((sum, pid) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return sum + 1024 * Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0)
  }, 0)
}

/** Lets every model go and gives the engine a moment. */
async function readAfterUnload(server: PictureServer): Promise<number> {
  await fetch(`${server.atelier.webui}/sdapi/v1/unload-checkpoint`, { method: 'POST' })
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  return readMemory(server)
}

async function main(): Promise<void> {
  const title = await findTitle(device)
  if (title === undefined) return
  const copies = [1, 2, 3, 4].map((number) => [`soak-${number}.safetensors`, writeCopy(number)] as const)
  const checkpoints = new Map(copies)
  if (flags.full) checkpoints.set('soak-4.safetensors', writeSd15())
  const server = await startPictureServer(checkpoints, device, {
    ATELIER_MODEL_MEMORY_GB: String(BUDGET_GIB),
  })
  const names = [...checkpoints.keys()]
  const make = (index: number) =>
    server.make({
      checkpoint: names[Math.floor(index / TURN) % names.length]!,
      side: [128, 192, 256][index % 3]!,
      steps: 4,
      seed: index,
      sampler: index % 2 === 0 ? 'Euler' : 'DPM++ 2M',
      // The encoder and a second size, every now and then.
      hasSecondPass: index % TURN === TURN - 1,
    })
  try {
    const fresh = readMemory(server)
    for (let model = 0; model < names.length; model += 1) await make(model * TURN + TURN - 1)
    const begin = await readAfterUnload(server)
    const started = performance.now()
    const notes: { jobs: number; mib: number }[] = []
    for (let index = 0; index < jobs; index += 1) {
      await make(index)
      if ((index + 1) % NOTE_EVERY === 0) notes.push({ jobs: index + 1, mib: toMib(readMemory(server)) })
    }
    const seconds = (performance.now() - started) / 1000
    const end = await readAfterUnload(server)
    const grown = end - begin
    const report = {
      date: new Date().toISOString().slice(0, 10),
      ...{ device, title, jobs, checkpoints: names.length, secondsPerJob: round(seconds / jobs) },
      measured: device === 'cpu' ? 'anonymous resident memory of the engine' : 'memory in use on the device',
      mib: { fresh: toMib(fresh), begin: toMib(begin), while: notes, end: toMib(end), grown: toMib(grown) },
    }
    console.log(JSON.stringify(report, null, 2))
    const results = new URL('../results/', import.meta.url)
    mkdirSync(results, { recursive: true })
    writeFileSync(new URL(`soak-${toFileName(title)}.json`, results), `${JSON.stringify(report, null, 2)}\n`)
    const allowed = Math.max(ALLOWANCE.share * begin, ALLOWANCE.bytes)
    if (grown > allowed) {
      console.error(`memory grew by ${toMib(grown)} MiB; ${toMib(allowed)} MiB are allowed`)
      process.exitCode = 1
    }
  } finally {
    await server.stop()
  }
}

function toMib(bytes: number): number {
  return Math.round(bytes / MIB)
}

await main()
