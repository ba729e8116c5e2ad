import { createTensor } from '../tensor/tensor.ts'
import type { Graph } from './graph-builder.ts'
import { createSession, type SessionOptions } from './session.ts'

/** y = a x b, 2x2 matrices: the kind of work that networks are made of, and nothing else. */
const PRODUCT: Graph = {
  inputs: ['a', 'b'].map((name) => ({ name, dtype: 'F32', shape: [2, 2] })),
  outputs: [{ name: 'product', dtype: 'F32', shape: [2, 2] }],
  ops: [{ type: 'MatMul', domain: '', inputs: ['a', 'b'], outputs: ['product'], attributes: {} }],
  constants: [],
  weights: [],
}

/**
 * Lets the device multiply two small matrices: a device that is there but cannot calculate is found before it is given
 * jobs, at the start and after each death of an engine.
 * @throws Error that names the device when it fails or the product is wrong
 */
export async function proveDevice(options: Omit<SessionOptions, 'isAllowedFile'>): Promise<void> {
  try {
    const session = await createSession(PRODUCT, { ...options, isAllowedFile: () => false })
    const inputs = {
      a: createTensor([2, 2], Float32Array.of(1, 2, 3, 4)),
      b: createTensor([2, 2], Float32Array.of(5, 6, 7, 8)),
    }
    const { product } = await session.run(inputs)
    await session.release()
    const found = [...(product?.data ?? [])]
    // Exact in every precision a device may use: small integers.
    if (found.join() !== '19,22,43,50') throw new Error(`it multiplied wrongly: ${found.join()}`)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`the device ${options.device} cannot calculate: ${reason}`, { cause })
  }
}
