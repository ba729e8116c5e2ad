/**
 * The engine on a GPU, beside PyTorch on the same device in the same run: one picture alone, sixteen at once, the curve of
 * rows, SDXL, loading, and how near the pictures are to the CPU's. Random full-size weights. Writes
 * `bench/results/gpu-<device>.json`.
 *
 * Run: node --import tsx bench/gpu/run.ts [--device cuda:0] [--python python3] [--quick]
 * Needs: npm run install:cuda; for the peer a Python with torch and diffusers. `--quick --device cpu` goes through the same
 * steps with small pictures, to see that the command works where there is no GPU; it writes no results.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { listGpus } from '../../apps/gpu-worker/src/devices/list-gpus.ts'
import { unpackTinyCheckpoint } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { openNetwork, writeSd15 } from './networks.ts'
import { startPeer, type Peer, type PeerCall } from './peer.ts'
import { measureThroughput, startPictureServer } from './pictures.ts'
import { median, round, toPsnr } from './statistics.ts'

const { values: flags } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda:0' },
    python: { type: 'string', default: 'python3' },
    quick: { type: 'boolean', default: false },
  },
})
const { device, quick } = flags
/** What one SD 1.5 picture of 512x512 and 20 steps takes at least on an H200, seconds (reference: 34.7 TFLOP). */
const PICTURE_FLOOR = 0.044
const SIZE = quick
  ? { side: 64, steps: 2, rounds: 1, clients: 2, rows: [1, 2] }
  : { side: 512, steps: 20, rounds: 5, clients: 16, rows: [1, 2, 4, 8, 16, 32] }

async function main(): Promise<void> {
  const title = await findTitle()
  if (title === undefined) return
  const peer = await startPeer(flags.python, device)
  const report = {
    date: new Date().toISOString().slice(0, 10),
    ...{ device, title },
    sd15: await measureNetwork('sd15', SIZE.side, peer),
    decoder: await measureNetwork('vae', SIZE.side, peer, [1]),
    // Not in a quick run: 10 GB of weights where they are computed in f32.
    ...(!quick && { sdxl: await measureNetwork('sdxl', 1024, peer, [1, 2, 8]) }),
    pictures: await measurePictures(peer),
    likeness: await measureLikeness(),
  }
  peer?.stop()
  console.log(JSON.stringify(report, null, 2))
  if (quick) return
  const results = new URL('../results/', import.meta.url)
  mkdirSync(results, { recursive: true })
  const name = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  writeFileSync(new URL(`gpu-${name}.json`, results), `${JSON.stringify(report, null, 2)}\n`)
}

async function findTitle(): Promise<string | undefined> {
  if (device === 'cpu') return cpus()[0]?.model ?? 'CPU'
  const { gpus, reason } = await listGpus()
  const gpu = gpus.find(({ index }) => device === `cuda:${index}`)
  if (gpu === undefined) console.error(`SKIPPED: no ${device} here: ${reason ?? 'no such device'}`)
  return gpu?.title
}

/** Milliseconds of a call by its rows, ours and the peer's in turns, after one of each that does not count. */
async function measureNetwork(
  network: PeerCall['network'],
  pixels: number,
  peer: Peer | undefined,
  rowCounts: readonly number[] = SIZE.rows,
) {
  const { loadSeconds, call, release } = await openNetwork(network, device)
  const side = pixels / 8
  const curve = []
  for (const rows of rowCounts) {
    const theirs = (isCompiled: boolean) => peer?.call({ network, rows, side, isCompiled })
    await call(rows, side)
    await theirs(false)
    await theirs(true)
    const times: Record<'ours' | 'eager' | 'compiled', number[]> = { ours: [], eager: [], compiled: [] }
    for (let i = 0; i < SIZE.rounds; i += 1) {
      times.ours.push(await call(rows, side))
      times.eager.push((await theirs(false)) ?? NaN)
      times.compiled.push((await theirs(true)) ?? NaN)
    }
    curve.push({
      rows,
      ms: toMs(median(times.ours)),
      ...(peer && { peerMs: toMs(median(times.eager)), compiledPeerMs: toMs(median(times.compiled)) }),
    })
  }
  await release()
  return { pixels, loadSeconds: round(loadSeconds), curve }
}

/** Whole pictures through the HTTP surface; the peer's are its UNet and decoder alone, which is to its advantage. */
async function measurePictures(peer: Peer | undefined) {
  const server = await startPictureServer(writeSd15(), device)
  const options = { side: SIZE.side, steps: SIZE.steps }
  await server.make(options)
  const alone: number[] = []
  for (let i = 0; i < SIZE.rounds; i += 1) alone.push((await server.make({ ...options, seed: i })).seconds)
  const peerSeconds = peer && (await timePeerPicture(peer))
  const { clients, rounds } = SIZE
  const together = await measureThroughput(server, options, { clients, rounds })
  await server.stop()
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
}

async function timePeerPicture(peer: Peer): Promise<number> {
  const side = SIZE.side / 8
  const step = await peer.call({ network: 'sd15', rows: 2, side, isCompiled: true })
  const decode = await peer.call({ network: 'vae', rows: 1, side, isCompiled: true })
  return SIZE.steps * step + decode
}

/** Decibels between the device's pictures and the CPU's, f32; the same seed and noise. */
async function measureLikeness() {
  const rows = []
  const cases = [
    { name: 'tiny', path: unpackTinyCheckpoint(), side: 64 },
    ...(quick ? [] : [{ name: 'sd15', path: writeSd15(), side: 256 }]),
  ]
  for (const { name, path, side } of cases) {
    const [own, reference] = [await startPictureServer(path, device), await startPictureServer(path, 'cpu')]
    for (const sampler of ['DDIM', 'Euler']) {
      const options = { side, steps: SIZE.steps, sampler }
      const [a, b] = [await own.make(options), await reference.make(options)]
      rows.push({ checkpoint: name, sampler, psnr: round(toPsnr(a.pixels, b.pixels)) })
    }
    await own.stop()
    await reference.stop()
  }
  return rows
}

function toMs(seconds: number): number {
  return round(1000 * seconds)
}

await main()
