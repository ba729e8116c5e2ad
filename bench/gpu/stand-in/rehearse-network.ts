/**
 * Loads one of the full-size graphs on the stand-in, calls it with one number of rows, another, and the first again, three
 * times each, and lets it go. What happens stands in the trace, between lines "## what"; `../rehearse.ts` reads it.
 *
 * Arguments: network, precision of floats is the emitter's; numbers of rows; pixels of a side.
 */
import { appendFileSync, closeSync, ftruncateSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Graph, Port } from '../../../apps/gpu-worker/src/engine/onnx/graph.ts'
import type { SessionInputs } from '../../../apps/gpu-worker/src/engine/onnx/network-session.ts'
import { openRuntime } from '../../../apps/gpu-worker/src/engine/onnx/runtime/open-runtime.ts'
import { createSession } from '../../../apps/gpu-worker/src/engine/onnx/session.ts'
import { createTensor } from '../../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { countElements } from '../../micro/random-checkpoint.ts'
import { GRAPHS } from '../graphs.ts'

const CALLS_EACH = 3
/** Pixels to a value of a latent. */
const LATENT_SCALE = 8
const CONTEXT_TOKENS = 77

const [name = '', rows = '', side = ''] = process.argv.slice(2)
const trace = process.env['STAND_IN_TRACE']!
const mark = (text: string): void => appendFileSync(trace, `## ${text}\n`)

const device = 'cuda:0'
const onNotice = (text: string): void => mark(`notice ${text}`)
mark('load')
const session = await createSession(withWeights(GRAPHS[name]!()), {
  ...{ device, threads: 0, isAllowedFile: () => true, onWidened: onNotice },
  runtime: openRuntime({ device, cudaCalls: 'captured', onNotice }),
})
const [first, ...others] = rows.split(',').map(Number)
for (const count of [first!, ...others, first!]) {
  const inputs = makeInputs(GRAPHS[name]!(), count, Number(side))
  for (let call = 1; call <= CALLS_EACH; call += 1) {
    mark(`${count} rows`)
    await session.run(inputs)
  }
}
mark('release')
await session.release()
mark('end')

/** A graph whose weights are zeros: a file with nothing in it takes no room. */
function withWeights(graph: Graph): Graph {
  const weights = graph.weights.map((weight) => ({
    ...weight,
    path: join(tmpdir(), `stand-in-weights${weight.path.replace('/', '-')}`),
  }))
  for (const path of new Set(weights.map((weight) => weight.path))) {
    const ends = weights.filter((weight) => weight.path === path).map((at) => at.offset + at.byteLength)
    const file = openSync(path, 'a')
    ftruncateSync(file, Math.max(...ends))
    closeSync(file)
  }
  return { ...graph, weights }
}

function makeInputs({ inputs }: Graph, count: number, pixels: number): SessionInputs {
  const latent = Math.ceil(pixels / LATENT_SCALE)
  const sizes: Readonly<Record<string, number>> = {
    ...{ batch: count, height: latent, width: latent, rows: pixels, columns: pixels, tokens: CONTEXT_TOKENS },
  }
  const entries = inputs.map((port) => [port.name, makeInput(port, (size) => sizes[size], latent)] as const)
  return Object.fromEntries(entries)
}

function makeInput(
  { name: port, dtype, shape: described = [] }: Port,
  sizeOf: (name: string) => number | undefined,
  latent: number,
): SessionInputs[string] {
  const shape = described.map((size) => (typeof size === 'number' ? size : sizeOf(size)))
  const known = shape.every((size) => size !== undefined) ? (shape as number[]) : undefined
  const whole = known ?? [sizeOf('batch')!, ...placeOf(port, latent)]
  return dtype === 'I64'
    ? { shape: whole, integers: new BigInt64Array(countElements(whole)) }
    : createTensor(whole)
}

/** Channels, height and width of what is added to a skip of SD's input blocks: three a level, the first of which halves. */
function placeOf(port: string, latent: number): number[] {
  const last = name.startsWith('sdxl') ? 8 : 11
  const block = port === 'middle' ? last : Number(port.slice('skip_'.length))
  const level = Math.floor(block / 3)
  // A level's first block still has the channels of the one above.
  const channels = [320, 640, 1280, 1280][block % 3 === 0 ? Math.max(level - 1, 0) : level]!
  const side = Math.ceil(latent / 2 ** level)
  return [port === 'middle' ? 1280 : channels, side, side]
}
