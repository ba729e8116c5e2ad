import { readFileSync } from 'node:fs'
import type { Tensor } from '../../tensor/tensor.ts'

/** The rows of a `.jsonl` file; split at line feeds only, for texts hold other line separators. */
export function readRows<Row>(url: URL): Row[] {
  return readFileSync(url, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}

/** The float32 tensors of a safetensors file. */
export function readTensors(url: URL): Map<string, Tensor> {
  const bytes = readFileSync(url)
  const start = 8 + Number(bytes.readBigUInt64LE(0))
  const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<
    string,
    { readonly dtype: string; readonly shape: number[]; readonly data_offsets: [number, number] }
  >
  const entries = Object.entries(header).filter(([, { dtype }]) => dtype === 'F32')
  return new Map(
    entries.map(([name, { shape, data_offsets: [from, to] }]) => {
      const raw = Uint8Array.from(bytes.subarray(start + from, start + to))
      return [name, { shape, data: new Float32Array(raw.buffer) }]
    }),
  )
}

/** The largest absolute difference of two arrays; infinite when their lengths differ or a value is not a number. */
export function measureDifference(left: ArrayLike<number>, right: ArrayLike<number>): number {
  if (left.length !== right.length) return Infinity
  let worst = 0
  for (let index = 0; index < left.length; index++) {
    const difference = Math.abs((left[index] ?? NaN) - (right[index] ?? NaN))
    worst = Number.isNaN(difference) ? Infinity : Math.max(worst, difference)
  }
  return worst
}
