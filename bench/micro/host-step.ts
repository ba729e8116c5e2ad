/**
 * What the engine's own arithmetic costs between two calls of a UNet: guidance, sampler, joining of rows, progress. The
 * networks answer zeros at once; shapes and jobs are those of full-size models. Milliseconds from the end of a call to
 * the start of the next, and of a picture from its decoded pixels to its PNG file.
 *
 * Run: node --import tsx bench/micro/host-step.ts [--steps 40]
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { ModelFile } from '@atelier/proto'
import {
  openGenerationKit,
  smallJob,
  smallSampling,
  TINY,
} from '../../apps/gpu-worker/src/engine/generation/test-kit.ts'
import type { Graph } from '../../apps/gpu-worker/src/engine/onnx/graph.ts'
import type { Session } from '../../apps/gpu-worker/src/engine/onnx/network-session.ts'
import { createFakeSession } from '../../apps/gpu-worker/src/fake-engine/fake-session.ts'
import { quantile } from '../gpu/statistics.ts'
import { writeHollowCheckpoint } from './hollow-checkpoint.ts'

const { values: flags } = parseArgs({ options: { steps: { type: 'string', default: '40' } } })
const steps = Number(flags.steps)
const CASES = [
  { name: 'sd15', side: 512, jobs: [1, 8, 16] },
  { name: 'sdxl', side: 1024, jobs: [1, 4] },
] as const
async function measure(name: 'sd15' | 'sdxl', side: number, jobs: number) {
  const calls: { start: number; end: number; rows: number; startCpu: number; endCpu: number }[] = []
  const open = (graph: Graph): Session => {
    const fake = createFakeSession(graph, 0)
    const isDenoiser = graph.outputs.some((port) => port.name === 'prediction')
    return {
      ...fake,
      async run(inputs, outputs, onBusy) {
        // A call costs the same whatever it holds, so that all rows join.
        onBusy?.(1)
        const [start, startCpu] = [performance.now(), readCpu()]
        const results = await fake.run(inputs, outputs)
        const [end, endCpu] = [performance.now(), readCpu()]
        if (isDenoiser) calls.push({ start, end, rows: inputs['latent']!.shape[0]!, startCpu, endCpu })
        return results
      },
    }
  }
  const path = writeHollowCheckpoint(name)
  const checkpoint = { ...TINY, name, identity: name }
  const kit = openGenerationKit([ModelFile.fromPartial({ ...checkpoint, path })], {
    session: { device: 'cpu', threads: 1, open },
    maxBatchElements: 2 ** 24,
    fillsBuckets: true,
  })
  const sampling = smallSampling({ sampler: 'dpmpp_2m', steps, guidanceScale: 7 })
  const job = smallJob({ ...{ checkpoint, sampling, width: side, height: side } })
  await Promise.all(Array.from({ length: jobs }, () => kit.run(job)))
  const done = performance.now()
  await kit.close()
  const full = 2 * jobs
  // Between two calls that hold all jobs.
  const pairs = calls.slice(1).flatMap((call, i) => {
    const before = calls[i]!
    return call.rows === full && before.rows === full ? [{ before, call }] : []
  })
  const gaps = pairs.map(({ before, call }) => call.start - before.end)
  const cpu = pairs.map(({ before, call }) => call.startCpu - before.endCpu)
  const lastStep = calls.at(-1)!.end
  return {
    ...{ network: name, pixels: side, jobs, rows: full },
    calls: pairs.length,
    msBetweenCalls: round(quantile(gaps, 0.5)),
    // With the collection of garbage, on other cores.
    cpuMsBetweenCalls: round(cpu.reduce((sum, ms) => sum + ms, 0) / cpu.length),
    msFromLastCallToPng: round((done - lastStep) / jobs),
  }
}

/** Milliseconds of processor time this process has had: on a busy machine the clock's tell of the others. */
function readCpu(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function round(value: number): number {
  return Number(value.toFixed(2))
}

const loadAtStart = round(loadavg()[0]!)
const rows = []
for (const { name, side, jobs } of CASES)
  for (const count of jobs) {
    rows.push(await measure(name, side, count))
    console.log(JSON.stringify(rows.at(-1)))
  }
const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} x ${cpus()[0]?.model ?? 'CPU'}`,
  ...{ loadAtStart, steps, rows },
}
const results = new URL('../results/', import.meta.url)
mkdirSync(results, { recursive: true })
writeFileSync(new URL('host-step.json', results), `${JSON.stringify(report, null, 2)}\n`)
