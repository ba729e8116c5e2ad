/**
 * The engine on a GPU, beside PyTorch on the same device in the same run: the curve of rows, pictures alone and sixteen at
 * once, how near they are to the CPU's, SDXL, loading. Random full-size weights. Writes `bench/results/gpu-<device>.json`
 * after every part, so that a run that is cut short leaves what it had; parts of an earlier run on the device stay.
 *
 * Run: node --import tsx bench/gpu/run.ts [--device cuda:0] [--python python3] [--parts sd15,pictures,…] [--minutes N]
 *      [--cuda-calls captured|native|binding] [--quick]
 * `--cuda-calls` measures another way of calling networks (ATELIER_CUDA_CALLS); its parts have the way in their names.
 * Needs: npm run install:cuda; for the peer a Python with torch and diffusers, without which only our side is measured.
 * `--quick --device cpu` goes through the same steps with small networks and pictures, to see that the command works where
 * there is no GPU; it writes no results.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { unpackTinyCheckpoint } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { openRuntime } from '../../apps/gpu-worker/src/engine/onnx/runtime/open-runtime.ts'
import { CUDA_CALLS } from '../../apps/gpu-worker/src/engine/onnx/runtime/cuda-calls.ts'
import { ensureCudaLibraries } from './cuda-environment.ts'
import { findTitle, toFileName } from './device-title.ts'
import { measureLoading, measureNetwork } from './measure-network.ts'
import { writeSd15 } from './networks.ts'
import { startPeer, type Peer } from './peer.ts'
import { measureThroughput, startPictureServer } from './pictures.ts'
import { median, round, toPsnr } from './statistics.ts'

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda:0' },
    python: { type: 'string', default: 'python3' },
    parts: { type: 'string' },
    minutes: { type: 'string', default: 'Infinity' },
    'cuda-calls': { type: 'string', default: CUDA_CALLS[0] },
    quick: { type: 'boolean', default: false },
  },
})
const { device, quick } = flags
const cudaCalls = CUDA_CALLS.find((calls) => calls === flags['cuda-calls'])
if (cudaCalls === undefined) throw new Error(`--cuda-calls is one of ${CUDA_CALLS.join(', ')}`)
const where = { device, runtime: openRuntime({ device, cudaCalls, onNotice: console.error }) }
/** What a server on the device is started with. */
const ENVIRONMENT = { ATELIER_CUDA_CALLS: cudaCalls }
/** What one SD 1.5 picture of 512x512 and 20 steps takes at least on an H200, seconds (reference: 34.7 TFLOP). */
const PICTURE_FLOOR = 0.044
const SIZE = quick
  ? { side: 64, steps: 2, rounds: 1, clients: 2, rows: [1, 2] }
  : { side: 512, steps: 20, rounds: 5, clients: 16, rows: [2, 16, 1, 4, 8, 32] }
/** Numbers of rows for which the peer is compiled: minutes each, on a CPU too many for a quick run. */
const COMPILED = quick ? { sd15: [], sdxl: [], vae: [] } : { sd15: [2, 16], sdxl: [2], vae: [1] }

/** The most telling first: where time runs out, the rest is left for another run. */
const PARTS: Readonly<Record<string, (peer: Peer | undefined) => Promise<unknown>>> = {
  sd15: (peer) =>
    measureNetwork(quick ? 'narrow' : 'sd15', {
      ...{ ...where, pixels: SIZE.side, rounds: SIZE.rounds, peer, isLate },
      rows: SIZE.rows,
      compiledRows: COMPILED.sd15,
    }),
  decoder: (peer) =>
    measureNetwork('vae', {
      ...{ ...where, pixels: SIZE.side, rounds: SIZE.rounds, peer, isLate },
      rows: [1],
      compiledRows: COMPILED.vae,
    }),
  pictures: measurePictures,
  likeness: measureLikeness,
  loading: () => measureLoading(quick ? 'narrow' : 'sd15', where, SIZE.side),
  sdxl: (peer) =>
    measureNetwork(quick ? 'narrow' : 'sdxl', {
      ...{ ...where, pixels: quick ? 64 : 1024, rounds: SIZE.rounds, peer, isLate },
      rows: quick ? [2] : [2, 8, 1],
      compiledRows: COMPILED.sdxl,
    }),
}

const deadline = performance.now() + Number(flags.minutes) * 60_000
const isLate = (): boolean => performance.now() > deadline

async function main(): Promise<void> {
  const title = await findTitle(device)
  if (title === undefined) return
  const wanted = flags.parts?.split(',') ?? Object.keys(PARTS)
  const unknown = wanted.filter((name) => PARTS[name] === undefined)
  if (unknown.length > 0)
    throw new Error(`--parts are of ${Object.keys(PARTS).join(', ')}; not ${unknown.join(', ')}`)
  const peer = await startPeer(flags.python, device)
  const report: Record<string, unknown> = {
    ...readEarlier(title),
    date: new Date().toISOString().slice(0, 10),
  }
  Object.assign(report, { device, title, peer: peer?.description ?? 'none' })
  let failures = 0
  for (const name of wanted) {
    if (isLate()) {
      console.error(`SKIPPED: ${name}: the ${flags.minutes} minutes are over`)
      continue
    }
    const start = performance.now()
    const part = cudaCalls === CUDA_CALLS[0] ? name : `${name} (${cudaCalls})`
    try {
      report[part] = await PARTS[name]!(peer)
    } catch (error) {
      // What follows can still be measured.
      failures += 1
      report[part] = { failed: error instanceof Error ? error.message.slice(0, 2_000) : String(error) }
    }
    console.log(
      `${part} (${round((performance.now() - start) / 1000)} s): ${JSON.stringify(report[part], null, 2)}`,
    )
    if (!quick) writeFileSync(resultsPath(title), `${JSON.stringify(report, null, 2)}\n`)
  }
  await peer?.stop()
  if (failures > 0) process.exitCode = 1
}

function resultsPath(title: string): URL {
  const results = new URL('../results/', import.meta.url)
  mkdirSync(results, { recursive: true })
  return new URL(`gpu-${toFileName(title)}.json`, results)
}

function readEarlier(title: string): Record<string, unknown> {
  const path = resultsPath(title)
  if (quick || !existsSync(path)) return {}
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
}

function checkpointOfSize(): ReadonlyMap<string, string> {
  return new Map([['bench.safetensors', quick ? unpackTinyCheckpoint() : writeSd15()]])
}

/** Whole pictures through the HTTP surface; the peer's are its UNet and decoder alone, which is to its advantage. */
async function measurePictures(peer: Peer | undefined) {
  const server = await startPictureServer(checkpointOfSize(), device, ENVIRONMENT)
  try {
    const options = { side: SIZE.side, steps: SIZE.steps }
    await server.make(options)
    const alone: number[] = []
    for (let i = 0; i < SIZE.rounds; i += 1) alone.push((await server.make({ ...options, seed: i })).seconds)
    const peerSeconds = peer && (await timePeerPicture(peer))
    const { clients, rounds } = SIZE
    // Once for the kernels of each number of rows; then what counts.
    await measureThroughput(server, options, { clients, rounds: 1 })
    const together = await measureThroughput(server, options, { clients, rounds })
    const seconds = median(alone)
    return {
      firstPictureSeconds: round(server.firstPictureSeconds),
      ...{ seconds: round(seconds), timesFloorOfH200: round(seconds / PICTURE_FLOOR) },
      ...(peerSeconds !== undefined && {
        compiledPeerSeconds: round(peerSeconds),
        timesPeerOneAtATime: round(together.picturesPerSecond * peerSeconds),
      }),
      clients,
      picturesPerSecond: round(together.picturesPerSecond),
      latencyAmongThem: { p50: round(together.p50), p99: round(together.p99) },
    }
  } finally {
    await server.stop()
  }
}

async function timePeerPicture(peer: Peer): Promise<number> {
  const side = SIZE.side / 8
  const network = quick ? 'narrow' : 'sd15'
  const call = async (name: 'narrow' | 'sd15' | 'vae', rows: number) => {
    const options = { network: name, rows, side, isCompiled: !quick }
    await peer.call(options)
    const times: number[] = []
    for (let i = 0; i < SIZE.rounds; i += 1) times.push(await peer.call(options))
    return median(times)
  }
  return SIZE.steps * (await call(network, 2)) + (await call('vae', 1))
}

/** Decibels between the device's pictures and the CPU's, f32; the same seed and noise. */
async function measureLikeness() {
  const rows: { checkpoint: string; sampler: string; psnr: number }[] = []
  const cases = [
    { name: 'tiny', path: unpackTinyCheckpoint(), side: 64 },
    ...(quick ? [] : [{ name: 'sd15', path: writeSd15(), side: 256 }]),
  ]
  for (const { name, path, side } of cases) {
    const checkpoints = new Map([['bench.safetensors', path]])
    const pictures: Uint8Array[][] = []
    // One after the other: both hold the weights.
    for (const place of [device, 'cpu']) {
      const server = await startPictureServer(checkpoints, place, ENVIRONMENT)
      const made: Uint8Array[] = []
      for (const sampler of ['DDIM', 'Euler'])
        made.push((await server.make({ side, steps: SIZE.steps, sampler })).pixels)
      pictures.push(made)
      await server.stop()
    }
    for (const [i, sampler] of ['DDIM', 'Euler'].entries())
      rows.push({ checkpoint: name, sampler, psnr: round(toPsnr(pictures[0]![i]!, pictures[1]![i]!)) })
  }
  return rows
}

ensureCudaLibraries(device)
await main()
