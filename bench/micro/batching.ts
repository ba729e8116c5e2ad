/**
 * Images per second with 1, 2, 4 and 8 jobs at once, whose evaluations share calls, against the same jobs one at a time;
 * and the seconds of a UNet row by the rows of a call. Random full-size weights, or the tiny checkpoint of the tests.
 *
 * Run: node --import tsx bench/micro/batching.ts [--size tiny|sd15] [--side 256] [--steps 4] [--threads 2]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ModelKind, ModelFile } from '@atelier/proto'
import {
  openGenerationKit,
  smallJob,
  smallSampling,
  TINY,
} from '../../apps/gpu-worker/src/engine/generation/test-kit.ts'
import { loadCheckpoint } from '../../apps/gpu-worker/src/engine/models/load-model.ts'
import { createTensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { unpackTinyCheckpoint } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { round } from '../gpu/statistics.ts'
import { runAsEngine } from './as-engine.ts'
import { listClipShapes, listUnetShapes, listVaeShapes, SD15 } from './checkpoint-shapes.ts'
import { countElements, writeRandomCheckpoint } from './random-checkpoint.ts'

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: 'tiny' },
    side: { type: 'string', default: '256' },
    steps: { type: 'string', default: '4' },
    threads: { type: 'string', default: String(cpus().length) },
    rounds: { type: 'string', default: '1' },
  },
})
const COMPANIONS = [1, 2, 4, 8]
const CONTEXT_WIDTH = { tiny: 64, sd15: SD15.contextWidth }
const threads = Number(flags.threads)
const side = Number(flags.side)

function prepareCheckpoint(): string {
  if (flags.size === 'tiny') return unpackTinyCheckpoint()
  if (flags.size !== 'sd15') throw new Error('--size must be tiny or sd15')
  const path = join(tmpdir(), 'atelier-random-sd15.safetensors')
  writeRandomCheckpoint(path, new Map([...listUnetShapes(SD15), ...listClipShapes(), ...listVaeShapes()]))
  return path
}

async function measureRows(path: string) {
  const loaded = loadCheckpoint(path, 'rows', { device: 'cpu', threads, isAllowedFile: () => true })
  const latentSide = side / 8
  const call = async (rows: number): Promise<number> => {
    const start = performance.now()
    await loaded.value.model.predict({
      latent: fill([rows, 4, latentSide, latentSide]),
      timesteps: new Float32Array(rows).fill(500),
      context: fill([rows, 77, CONTEXT_WIDTH[flags.size as 'tiny']]),
    })
    return (performance.now() - start) / 1000
  }
  const rows = []
  for (const count of [2, 4, 8]) {
    await call(count)
    const seconds = Math.min(await call(count), await call(count))
    rows.push({ rows: count, secondsPerRow: round(seconds / count) })
  }
  await loaded.release()
  return rows
}

async function measureImages(path: string) {
  const big = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'bench.safetensors', identity: 'bench' }
  const kit = openGenerationKit([ModelFile.fromPartial({ ...big, path })], {
    session: { device: 'cpu', threads },
    budgetBytes: 2 ** 34,
  })
  const job = (seed: number) =>
    smallJob({
      checkpoint: flags.size === 'tiny' ? TINY : big,
      images: [{ prompt: 'a cat', negativePrompt: 'a dog', seed: BigInt(seed), infotext: '' }],
      ...{
        width: side,
        height: side,
        sampling: smallSampling({ steps: Number(flags.steps), guidanceScale: 7 }),
      },
    })
  const time = async (work: () => Promise<unknown>): Promise<number> => {
    const start = performance.now()
    await work()
    return (performance.now() - start) / 1000
  }
  await kit.run(job(0))
  const rows = []
  for (const companions of COMPANIONS) {
    const seeds = Array.from({ length: companions }, (_, seed) => seed)
    const [alone, together] = [[] as number[], [] as number[]]
    for (let turn = 0; turn < Number(flags.rounds); turn += 1) {
      alone.push(
        await time(async () => {
          for (const seed of seeds) await kit.run(job(seed))
        }),
      )
      together.push(await time(() => Promise.all(seeds.map((seed) => kit.run(job(seed))))))
    }
    const [first, second] = [Math.min(...alone), Math.min(...together)]
    rows.push({
      jobsAtOnce: companions,
      imagesPerSecondOneAtATime: round(companions / first),
      imagesPerSecondTogether: round(companions / second),
      gain: round(first / second),
    })
  }
  await kit.close()
  return rows
}

function fill(shape: readonly number[]) {
  const values = Float32Array.from({ length: countElements(shape) }, (_, i) => Math.sin(i * 12.9898))
  return createTensor(shape, values)
}

runAsEngine()
const path = prepareCheckpoint()
const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
  threads,
  /** Other work on the machine while measuring. */
  loadAtStart: round(loadavg()[0] ?? 0),
  pixels: side,
  steps: Number(flags.steps),
  rows: await measureRows(path),
  images: await measureImages(path),
}
const results = new URL('../results/', import.meta.url)
mkdirSync(results, { recursive: true })
const file = new URL('batching.json', results)
const known = readKnown(file)
writeFileSync(file, `${JSON.stringify({ ...known, [flags.size]: report }, null, 2)}\n`)
console.log(JSON.stringify(report, null, 2))

function readKnown(url: URL): object {
  try {
    return JSON.parse(readFileSync(url, 'utf8')) as object
  } catch {
    return {}
  }
}
