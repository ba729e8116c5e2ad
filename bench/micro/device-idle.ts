/**
 * How much of the time a device sits idle between two calls of a UNet while the engine works out the next one. In place
 * of the device a thread sleeps as long as a call of so many rows takes, without a CPU: `--base` and `--row` milliseconds
 * for a call and for each of its rows (of SD 1.5 at 512x512). Inputs and results cross to it as they do to ONNX Runtime's
 * thread.
 *
 * Run: node --import tsx bench/micro/device-idle.ts [--steps 60] [--base 6] [--row 2] [--jobs 1,2,8,16] [--write]
 */
import { writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { ModelFile } from '@atelier/proto'
import type { RowCurves } from '../../apps/gpu-worker/src/engine/batching/row-curves.ts'
import {
  openGenerationKit,
  smallJob,
  smallSampling,
  TINY,
} from '../../apps/gpu-worker/src/engine/generation/test-kit.ts'
import type { Graph } from '../../apps/gpu-worker/src/engine/onnx/graph.ts'
import type { Session } from '../../apps/gpu-worker/src/engine/onnx/network-session.ts'
import type { Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { createFakeSession } from '../../apps/gpu-worker/src/fake-engine/fake-session.ts'
import { quantile } from '../gpu/statistics.ts'
import { writeHollowCheckpoint } from './hollow-checkpoint.ts'

const { values: flags } = parseArgs({
  options: {
    steps: { type: 'string', default: '60' },
    base: { type: 'string', default: '6' },
    row: { type: 'string', default: '2' },
    jobs: { type: 'string', default: '1,2,8,16' },
    write: { type: 'boolean', default: false },
  },
})
const [steps, base, row] = [flags.steps, flags.base, flags.row].map(Number) as [number, number, number]

const CURVE = new Map([1, 2, 4, 6, 8, 12, 16, 24, 32].map((rows) => [rows, (base + row * rows) / 1000]))

/** A device of one queue: calls are answered in order, each when it has slept its time. */
const DEVICE = `
  const { parentPort } = require('node:worker_threads')
  const cell = new Int32Array(new SharedArrayBuffer(4))
  parentPort.on('message', ({ id, ms, inputs, shape }) => {
    const start = performance.timeOrigin + performance.now()
    Atomics.wait(cell, 0, 0, ms)
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
    const end = performance.timeOrigin + performance.now()
    parentPort.postMessage({ id, data, start, end }, [data.buffer])
  })`

/** A call as the device saw it, milliseconds. */
interface Call {
  readonly start: number
  readonly end: number
  readonly rows: number
}

function openDevice() {
  const thread = new Worker(DEVICE, { eval: true })
  const calls: Call[] = []
  const waiting = new Map<number, (answer: Call & { readonly data: Float32Array }) => void>()
  thread.on('message', ({ id, ...answer }) => {
    waiting.get(id)?.(answer)
    waiting.delete(id)
  })
  let count = 0
  const open = (graph: Graph): Session => {
    const fake = createFakeSession(graph, 0)
    if (!graph.outputs.some(({ name }) => name === 'prediction')) return fake
    const sent = new WeakSet<Float32Array>()
    return {
      ...fake,
      async run(inputs) {
        const { shape } = inputs['latent'] as Tensor
        const rows = shape[0]!
        // What stays crosses once (onnx/runtime/native/kept-inputs.ts).
        const crossing = Object.values(inputs).filter(
          (input) => !('data' in input && input.stays === true && sent.has(input.data)),
        )
        for (const input of crossing) if ('data' in input && input.stays === true) sent.add(input.data)
        const id = (count += 1)
        const answer = await new Promise<Call & { readonly data: Float32Array }>((resolve) => {
          waiting.set(id, resolve)
          thread.postMessage({ id, ms: base + row * rows, inputs: crossing, shape })
        })
        calls.push({ start: answer.start, end: answer.end, rows })
        return { prediction: { shape, data: answer.data } }
      },
    }
  }
  return { open, calls, close: () => thread.terminate() }
}

async function measure(jobs: number, takesTurns: boolean) {
  const device = openDevice()
  const checkpoint = { ...TINY, name: 'sd15', identity: 'sd15' }
  const kit = openGenerationKit(
    [ModelFile.fromPartial({ ...checkpoint, path: writeHollowCheckpoint('sd15') })],
    {
      session: { device: 'cpu', threads: 1, open: device.open },
      maxBatchElements: 32 * 4 * 64 * 64,
      fillsBuckets: true,
      takesTurns,
      // As it would be learned; on a busy machine the first measurements mislead.
      rowCurves: { of: () => ({ recall: () => CURVE }) } as unknown as RowCurves,
    },
  )
  const sampling = smallSampling({ sampler: 'dpmpp_2m', steps, guidanceScale: 7 })
  const job = smallJob({ ...{ checkpoint, sampling, width: 512, height: 512 } })
  const round = () => Promise.all(Array.from({ length: jobs }, () => kit.run(job)))
  await round()
  const calls = [...device.calls]
  await kit.close()
  await device.close()
  // Where all jobs run: not the first steps nor the last.
  const middle = calls.slice(Math.floor(calls.length * 0.1), Math.ceil(calls.length * 0.9))
  const gaps = middle.slice(1).map((call, i) => call.start - middle[i]!.end)
  const busy = middle.slice(1).map((call) => call.end - call.start)
  const [gap, length] = [quantile(gaps, 0.5), quantile(busy, 0.5)]
  const rows = middle.slice(1).reduce((sum, call) => sum + call.rows, 0)
  const seconds = (middle.at(-1)!.end - middle[0]!.end) / 1000
  return {
    ...{
      jobs,
      takesTurns,
      rowsOfCall: quantile(
        middle.map((call) => call.rows),
        0.5,
      ),
    },
    msOfCall: round2(length),
    msIdle: round2(gap),
    idleShare: Number((gap / (gap + length)).toFixed(4)),
    rowsPerSecond: round2(rows / seconds),
  }
}

function round2(value: number): number {
  return Number(value.toFixed(2))
}

const loadAtStart = round2(loadavg()[0]!)
const results = []
for (const jobs of flags.jobs.split(',').map(Number))
  for (const takesTurns of [false, true]) {
    results.push(await measure(jobs, takesTurns))
    console.log(JSON.stringify(results.at(-1)))
  }
if (flags.write) {
  const report = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'CPU'}`,
    ...{ loadAtStart, steps, msOfCall: { base, row }, results },
  }
  const path = new URL('../results/device-idle.json', import.meta.url)
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`)
}
