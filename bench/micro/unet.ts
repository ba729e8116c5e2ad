/**
 * Seconds of one UNet row beside PyTorch f32 on the same machine in the same run, calls taken in turns (`--apart`: one side
 * after the other, where memory is short); and what loading the network costs. Random full-size weights, f16 in the file,
 * f32 in the computation. Our side has an engine's allocator settings; `--same-settings` gives them to PyTorch too.
 *
 * Run: node --import tsx bench/micro/unet.ts [--size sd15|sdxl] [--sides 32,64] [--rounds 3] [--threads 2] [--apart]
 *      [--same-settings] [--python python3]   (a Python with torch and diffusers; without one only our side is measured)
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { detectUnet } from '../../apps/gpu-worker/src/engine/checkpoint/detect-unet.ts'
import { readWeightFile } from '../../apps/gpu-worker/src/engine/checkpoint/read-weight-file.ts'
import { buildUnet } from '../../apps/gpu-worker/src/engine/networks/unet.ts'
import { createSession } from '../../apps/gpu-worker/src/engine/onnx/session.ts'
import type { Session } from '../../apps/gpu-worker/src/engine/onnx/network-session.ts'
import { createTensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { median, round } from '../gpu/statistics.ts'
import { runAsEngine, withoutEngineSettings } from './as-engine.ts'
import { listUnetShapes, SD15, SDXL, type UnetSize } from './checkpoint-shapes.ts'
import { countElements, writeRandomCheckpoint } from './random-checkpoint.ts'
import { watchMemory } from './watch-memory.ts'

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: 'sd15' },
    sides: { type: 'string', default: '32,64' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: String(Math.max(1, cpus().length)) },
    python: { type: 'string', default: 'python3' },
    apart: { type: 'boolean', default: false },
    'same-settings': { type: 'boolean', default: false },
  },
})
const SIZES: Readonly<Record<string, UnetSize>> = { sd15: SD15, sdxl: SDXL }

/** Seconds of a call of `rows` rows of side x side latents. */
type Call = (rows: number, side: number) => Promise<number>

/** PyTorch's side, in a process of its own. */
interface Peer {
  readonly call: Call
  stop(): void
}

async function main(): Promise<void> {
  const size = SIZES[flags.size]
  if (size === undefined) throw new Error(`--size must be one of ${Object.keys(SIZES).join(', ')}`)
  const shapes = listUnetShapes(size)
  const path = join(tmpdir(), `atelier-random-unet-${flags.size}.safetensors`)
  writeRandomCheckpoint(path, shapes)
  const f32Bytes = [...shapes.values()].reduce((sum, shape) => sum + 4 * countElements(shape), 0)
  const { session, ...load } = await measureLoad(path, f32Bytes)
  const ours = createOwnCall(session, size)
  const sides = flags.sides.split(',').map(Number)
  const rows = flags.apart
    ? await compareApart(sides, ours, () => session.release())
    : await compareInTurns(sides, ours)
  const results = new URL('../results/', import.meta.url)
  mkdirSync(results, { recursive: true })
  const name = `unet-${flags.size}${flags['same-settings'] ? '-same-settings' : ''}.json`
  const file = new URL(name, results)
  const kept = readRows(file).filter((known) => !rows.some(({ pixels }) => pixels === known.pixels))
  const report = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    network: flags.size,
    threads: Number(flags.threads),
    peer: { hasEngineSettings: flags['same-settings'], isApart: flags.apart },
    load,
    // Sizes may be measured one run at a time.
    rows: [...kept, ...rows].sort((first, second) => first.pixels - second.pixels),
  }
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
  console.log(JSON.stringify(report, null, 2))
}

/** Rows that earlier runs wrote. */
function readRows(file: URL): { readonly pixels: number }[] {
  if (!existsSync(file)) return []
  return (JSON.parse(readFileSync(file, 'utf8')) as { rows: { pixels: number }[] }).rows
}

async function measureLoad(path: string, f32Bytes: number) {
  const memory = watchMemory()
  const start = performance.now()
  const file = readWeightFile(path)
  const graph = buildUnet(file, detectUnet(file, 'model.diffusion_model.'))
  const session = await createSession(graph, {
    device: 'cpu',
    threads: Number(flags.threads),
    isAllowedFile: () => true,
  })
  const seconds = round((performance.now() - start) / 1000)
  const { peakBytes } = await memory.stop()
  return {
    session,
    seconds,
    /** Memory that is not a page of a file, at its highest while loading, beside the weights' f32 size. */
    peakShareOfF32: round(peakBytes / f32Bytes),
    peakGib: round(peakBytes / 2 ** 30),
    f32Gib: round(f32Bytes / 2 ** 30),
  }
}

function createOwnCall(session: Session, size: UnetSize): Call {
  return async (rows, side) => {
    const inputs = {
      latent: fill([rows, 4, side, side]),
      timesteps: createTensor([rows], new Float32Array(rows).fill(500)),
      context: fill([rows, 77, size.contextWidth]),
      ...(size.labelWidth > 0 ? { label: fill([rows, size.labelWidth]) } : {}),
    }
    const start = performance.now()
    await session.run(inputs)
    return (performance.now() - start) / 1000
  }
}

/** Calls in turns after one of each that does not count; the median of each side. */
async function compareInTurns(sides: readonly number[], ours: Call) {
  const peer = await startPeer(flags.size)
  const rows = []
  for (const side of sides) {
    const times: { ours: number[]; peer: number[] } = { ours: [], peer: [] }
    for (let turn = 0; turn <= Number(flags.rounds); turn += 1) {
      times.ours.push(await ours(1, side))
      if (peer !== undefined) times.peer.push(await peer.call(1, side))
    }
    rows.push(toRow(side, times.ours, times.peer))
  }
  peer?.stop()
  return rows
}

/** All of our calls, then all of the peer's: for networks of which two do not fit into memory. */
async function compareApart(sides: readonly number[], ours: Call, release: () => Promise<void>) {
  const repeat = async (call: Call, side: number) => {
    const times: number[] = []
    for (let turn = 0; turn <= Number(flags.rounds); turn += 1) times.push(await call(1, side))
    return times
  }
  const own: number[][] = []
  for (const side of sides) own.push(await repeat(ours, side))
  await release()
  const peer = await startPeer(flags.size)
  const rows = []
  for (const [index, side] of sides.entries())
    rows.push(toRow(side, own[index]!, peer === undefined ? [] : await repeat(peer.call, side)))
  peer?.stop()
  return rows
}

function toRow(side: number, ours: readonly number[], peer: readonly number[]) {
  const [own, other] = [median(ours.slice(1)), median(peer.slice(1))]
  return {
    pixels: side * 8,
    ourSeconds: round(own),
    ...(peer.length === 0 ? {} : { peerSeconds: round(other), ratio: round(own / other) }),
  }
}

async function startPeer(name: string): Promise<Peer | undefined> {
  const script = fileURLToPath(new URL('peer_unet.py', import.meta.url))
  const child = spawn(flags.python, [script, name, flags.threads], {
    env: flags['same-settings'] ? process.env : withoutEngineSettings(),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const first = await Promise.race([lines.next(), once(child, 'error').then(() => ({ done: true }))])
  if (first.done === true) {
    console.error(`SKIPPED: ${flags.python} has no torch and diffusers; only our side is measured`)
    return undefined
  }
  return {
    async call(rows, side) {
      child.stdin.write(`${rows} ${side}\n`)
      return Number((await lines.next()).value)
    },
    stop: () => child.stdin.end(),
  }
}

function fill(shape: readonly number[]) {
  return createTensor(
    shape,
    Float32Array.from({ length: countElements(shape) }, (_, i) => Math.sin(i * 12.9898)),
  )
}

runAsEngine()
await main()
