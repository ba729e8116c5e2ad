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
    const { product } = await runOnce(PRODUCT, options, inputs)
    const found = [...(product?.data ?? [])]
    // Exact in every precision a device may use: small integers.
    if (found.join() !== '19,22,43,50') throw new Error(`it multiplied wrongly: ${found.join()}`)
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
      const inputs = {
        latent: wave([1, 4, 8, 8], 1.3),
        timesteps: createTensor([1], Float32Array.of(500)),
        context: wave([1, 77, PROBE_CONTEXT], 0.7),
      }
      const [onDevice, onCpu] = [
        await runOnce(graph, options, inputs),
        await runOnce(graph, { ...options, device: 'cpu' }, inputs),
      ]
      const difference = compare(onDevice['prediction']!, onCpu['prediction']!)
      if (!(difference <= HALF_TOLERANCE))
        throw new Error(`its result differs from the CPU's by ${(100 * difference).toFixed(1)} %`)
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runOnce(graph: Graph, options: ProofOptions, inputs: Readonly<Record<string, Tensor>>) {
  const session = await createSession(graph, { ...options, isAllowedFile: () => true })
  const outputs = await session.run(inputs)
  await session.release()
  return outputs
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
