import { readFileSync } from 'node:fs'
import { readSafetensors } from '../../apps/gpu-worker/src/engine/checkpoint/safetensors.ts'
import { readTensor } from '../../apps/gpu-worker/src/engine/checkpoint/read-tensor.ts'
import { combine } from '../../apps/gpu-worker/src/engine/denoise/combine.ts'
import type { Denoiser } from '../../apps/gpu-worker/src/engine/denoise/sampler.ts'
import { createTensor, type Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'

/** Cases of a JSON-lines file: split at line feeds only, texts may hold other separators. */
export function readLines<T>(path: string): T[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

/** Tensors of a safetensors file by name. */
export function openTensors(path: string): (name: string) => Tensor {
  const file = readSafetensors(path)
  return (name) => readTensor(file, name)
}

const MEANS = { conditional: [0.5, -0.25, 0.1, -0.4], unconditional: [-0.2, 0.3, 0, 0.15] }
const GUIDANCE = 2.5

/** The analytic denoiser that stands in for the network in the sampler recordings. */
export const analyticDenoiser: Denoiser = async (latent, sigma) => {
  const conditional = denoiseTowards(latent, sigma, MEANS.conditional)
  const unconditional = denoiseTowards(latent, sigma, MEANS.unconditional)
  return { latent: combine([1 - GUIDANCE, unconditional], [GUIDANCE, conditional]), unconditional }
}

function denoiseTowards({ shape, data }: Tensor, sigma: number, means: readonly number[]): Tensor {
  const share = 0.49 / (0.49 + sigma * sigma)
  const [, , height, width] = shape as [number, number, number, number]
  return createTensor(
    shape,
    data.map((x, i) => {
      const mean = means[Math.floor(i / (height * width)) % 4]!
      return x * share + mean * (1 - share) + (0.1 * Math.sin(x) * sigma) / (1 + sigma)
    }),
  )
}
