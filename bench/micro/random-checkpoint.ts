import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs'
import type { Shapes } from './checkpoint-shapes.ts'

/** f16 words of 1 and of about 2^-6, a size that keeps activations finite through a whole network. */
const [ONE, SMALL] = [0x3c00, 0x2400]
const CHUNK = 1 << 22

/** Writes a `.safetensors` file of random f16 weights (norms 1, biases 0), unless it is there. */
export function writeRandomCheckpoint(path: string, shapes: Shapes): void {
  if (existsSync(path)) return
  const descriptor = openSync(`${path}.part`, 'w')
  const { header } = writeRandomHeader(shapes)
  writeSync(descriptor, header)
  const noise = createNoise()
  for (const [name, shape] of shapes) {
    const count = countElements(shape)
    const isVector = shape.length === 1
    const constant = new Uint16Array(isVector ? count : 0).fill(name.endsWith('.bias') ? 0 : ONE)
    if (isVector) writeSync(descriptor, Buffer.from(constant.buffer))
    for (let start = 0; !isVector && start < count; start += CHUNK)
      writeSync(descriptor, Buffer.from(noise.buffer, 0, 2 * Math.min(CHUNK, count - start)))
  }
  closeSync(descriptor)
  renameSync(`${path}.part`, path)
}

/** Values of all tensors. */
export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** The header of such a file, and how many bytes of tensors follow it. */
export function writeRandomHeader(shapes: Shapes): { header: Buffer; byteLength: number } {
  let offset = 0
  const entries = [...shapes].map(([name, shape]) => {
    const start = offset
    offset += 2 * countElements(shape)
    return [name, { dtype: 'F16', shape, data_offsets: [start, offset] }] as const
  })
  const text = JSON.stringify(Object.fromEntries(entries))
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  return { header: Buffer.concat([length, padded]), byteLength: offset }
}

/** Random signs and mantissas, from a fixed seed. */
function createNoise(): Uint16Array {
  const words = new Uint16Array(CHUNK)
  let state = 12345
  for (let i = 0; i < CHUNK; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    words[i] = ((state >>> 16) & 0x8000) | SMALL | ((state >>> 8) & 0x03ff)
  }
  return words
}
