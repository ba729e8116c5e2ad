import type { PredictionNetwork } from '../denoise/guidance.ts'

/** Hears how long an evaluation took, seconds, and how many rows it had. */
export type EvaluationListener = (seconds: number, rows: number) => void

/** The same network, with each evaluation that succeeds timed; without a listener the network itself. */
export function timeEvaluations(
  network: PredictionNetwork,
  listener: EvaluationListener | undefined,
): PredictionNetwork {
  if (listener === undefined) return network
  return async (inputs) => {
    const startedAt = performance.now()
    const prediction = await network(inputs)
    listener((performance.now() - startedAt) / 1000, inputs.latent.shape[0]!)
    return prediction
  }
}
