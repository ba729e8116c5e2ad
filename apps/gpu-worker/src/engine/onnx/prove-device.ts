import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { detectUnet } from '../checkpoint/detect-unet.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { buildUnet } from '../networks/unet.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { PROBE_CONTEXT, PROBE_PREFIX, writeProbeUnet } from './cuda/probe-unet.ts'
import type { Graph } from './graph.ts'
import { createSession, type SessionOptions } from './session.ts'

/** y = a x b, 2x2 matrices: the kind of work that networks are made of, and nothing else. */
const PRODUCT: Graph = {
  inputs: ['a', 'b'].map((name) => ({ name, dtype: 'F32', shape: [2, 2] })),
  outputs: [{ name: 'product', dtype: 'F32', shape: [2, 2] }],
  ops: [{ type: 'MatMul', domain: '', inputs: ['a', 'b'], outputs: ['product'], attributes: {} }],
  constants: [],
  weights: [],
}

/** What half precision may change in a small network's result, as a share of its largest number. */
const HALF_TOLERANCE = 0.03

/** What a device is proved with. */
export type ProofOptions = Omit<SessionOptions, 'isAllowedFile'>

/**
 * Lets the device multiply two small matrices: a device that is there but cannot calculate is found before it is given
 * jobs, at the start and after each death of an engine.
 * @throws Error that names the device when it fails or the product is wrong
 */
export async function proveDevice(options: ProofOptions): Promise<void> {
  await asProof(options, async () => {
    const inputs = {
      a: createTensor([2, 2], Float32Array.of(1, 2, 3, 4)),
      b: createTensor([2, 2], Float32Array.of(5, 6, 7, 8)),
    }
    for (const { product } of await runAll(PRODUCT, options, [inputs])) {
      const found = [...(product?.data ?? [])]
      // Exact in every precision a device may use: small integers.
      if (found.join() !== '19,22,43,50') throw new Error(`it multiplied wrongly: ${found.join()}`)
    }
  })
}

/**
 * Lets the device run a small UNet with every kernel pictures need, and compares with the CPU.
 * @throws Error that names the device when it fails or differs
 */
export async function proveNetwork(options: ProofOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'atelier-probe-'))
  try {
    await asProof(options, async () => {
      const path = join(folder, 'probe.safetensors')
      writeProbeUnet(path)
      const file = readSafetensors(path)
      const graph = buildUnet(file, detectUnet(file, PROBE_PREFIX))
      // The first call of a shape, the one that is captured, and one that is replayed (runtime/native/captured-calls.ts).
      const calls = [1.3, 0.4, 2.1].map((step) => ({
        latent: wave([1, 4, 8, 8], step),
        timesteps: createTensor([1], Float32Array.of(300 * step)),
        context: wave([1, 77, PROBE_CONTEXT], step / 2),
      }))
      const onDevice = await runAll(graph, options, calls)
      const onCpu = await runAll(graph, { device: 'cpu', threads: options.threads }, calls)
      for (const [i, found] of onDevice.entries()) {
        const difference = compare(found['prediction']!, onCpu[i]!['prediction']!)
        if (!(difference <= HALF_TOLERANCE))
          throw new Error(
            `its result of call ${i + 1} differs from the CPU's by ${(100 * difference).toFixed(1)} %`,
          )
      }
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The outputs of calls of one session. */
async function runAll(
  graph: Graph,
  options: ProofOptions,
  calls: readonly Readonly<Record<string, Tensor>>[],
): Promise<readonly Readonly<Record<string, Tensor>>[]> {
  const session = await createSession(graph, { ...options, isAllowedFile: () => true })
  try {
    const outputs = []
    for (const inputs of calls) outputs.push(await session.run(inputs))
    return outputs
  } finally {
    await session.release()
  }
}

async function asProof({ device }: ProofOptions, prove: () => Promise<void>): Promise<void> {
  try {
    await prove()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`the device ${device} cannot calculate: ${reason}`, { cause })
  }
}

/** Largest difference as a share of the largest number. */
function compare(found: Tensor, expected: Tensor): number {
  const scale = Math.max(...expected.data.map(Math.abs))
  return Math.max(...found.data.map((value, i) => Math.abs(value - expected.data[i]!))) / scale
}

function wave(shape: readonly number[], step: number): Tensor {
  const tensor = createTensor(shape)
  tensor.data.forEach((_, i) => (tensor.data[i] = Math.sin(i * step)))
  return tensor
}
