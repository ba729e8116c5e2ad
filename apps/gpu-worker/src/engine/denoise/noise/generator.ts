import { PhiloxGenerator } from './philox.ts'
import { TorchGenerator } from './torch-generator.ts'

/** Which generator makes noise: torch's on the CPU, or CUDA's (computed anywhere). */
export type GeneratorKind = 'cpu' | 'philox'

/** A stream of standard normal numbers. */
export interface NormalGenerator {
  drawNormal(count: number): Float32Array
}

/** A generator of that kind; seeds 0 to 2^64-1, negative ones in two's complement. */
export function createGenerator(kind: GeneratorKind, seed: bigint): NormalGenerator {
  return kind === 'cpu' ? new TorchGenerator(BigInt.asUintN(64, seed)) : new PhiloxGenerator(seed)
}
