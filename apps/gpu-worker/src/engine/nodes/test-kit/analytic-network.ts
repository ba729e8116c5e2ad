import { combine, sliceRows, joinRows } from '../../denoise/combine.ts'
import type { PredictionNetwork } from '../../denoise/guidance.ts'
import { analyticPrediction, type AnalyticSide } from '../../denoise/test-kit/analytic-denoiser.ts'
import { createTensor } from '../../tensor/tensor.ts'
import { NodeValue } from './call-node.ts'

/** Test code: conditionings that the analytic network tells apart. */
export const ANALYTIC_CONDITIONINGS: Readonly<Record<AnalyticSide, NodeValue>> = {
  conditional: new NodeValue([{ tokens: createTensor([1, 77, 1], new Float32Array(77).fill(1)) }]),
  unconditional: new NodeValue([{ tokens: createTensor([1, 77, 1]) }]),
}

/**
 * The stand-in for the network in the sampler recordings as a network that predicts noise. A network hears of timesteps
 * only, which are rounded: `sigmas` says what sigma each call is made at.
 */
export function createAnalyticNetwork(sigmas: readonly number[]): {
  readonly predict: PredictionNetwork
  readonly calls: () => number
} {
  let calls = 0
  return {
    calls: () => calls,
    predict: async ({ latent, context }) => {
      const sigma = sigmas[calls]!
      calls += 1
      const width = context.data.length / latent.shape[0]!
      const rows = Array.from({ length: latent.shape[0]! }, (_, row) => {
        const side = context.data[row * width] === 1 ? 'conditional' : 'unconditional'
        const factor = Math.sqrt(sigma ** 2 + 1)
        const seen = combine([factor, sliceRows(latent, row, row + 1)], [0, sliceRows(latent, row, row + 1)])
        return combine([1 / sigma, seen], [-1 / sigma, analyticPrediction(seen, sigma, side)])
      })
      return joinRows(rows)
    },
  }
}
