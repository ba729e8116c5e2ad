import { describe, expect, it } from 'vitest'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import { createTensor } from '../tensor/tensor.ts'
import { timeEvaluations } from './time-evaluations.ts'

const inputs = {
  latent: createTensor([3, 4, 8, 8]),
  timesteps: new Float32Array(3),
  context: createTensor([3, 77, 8]),
}

describe('timeEvaluations', () => {
  it('tells the rows of each evaluation and passes its answer on', async () => {
    const heard: number[] = []
    const network: PredictionNetwork = async ({ latent }) => latent
    const timed = timeEvaluations(network, (seconds, rows) => {
      expect(seconds).toBeGreaterThanOrEqual(0)
      heard.push(rows)
    })
    expect(await timed(inputs)).toBe(inputs.latent)
    expect(heard).toEqual([3])
  })

  it('tells nothing of an evaluation that fails', async () => {
    const heard: number[] = []
    const timed = timeEvaluations(
      () => Promise.reject(new Error('out of memory')),
      (_, rows) => heard.push(rows),
    )
    await expect(timed(inputs)).rejects.toThrow('out of memory')
    expect(heard).toEqual([])
  })

  it('is the network itself when nobody listens', () => {
    const network: PredictionNetwork = async ({ latent }) => latent
    expect(timeEvaluations(network, undefined)).toBe(network)
  })
})
