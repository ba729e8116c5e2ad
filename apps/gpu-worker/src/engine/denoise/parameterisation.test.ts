import { describe, expect, it } from 'vitest'
import { readRecordings } from './test-kit/read-recordings.ts'
import type { PredictionKind } from '@atelier/catalog'
import { dataDeviationOf, denoisedFactors, inputScale } from './parameterisation.ts'

interface Row {
  readonly kind: string
  readonly type: 'eps' | 'v' | 'edm' | 'x0'
  readonly sigma: number
  readonly x: number[]
  readonly model_output: number[]
  readonly model_input: number[]
  readonly denoised: number[]
}

const rows = readRecordings<Row>('sigmas-comfy.jsonl', import.meta.url).filter(
  ({ kind }) => kind === 'parameterisation',
)

describe('denoisedFactors and inputScale', () => {
  it.each(rows)('give ComfyUI’s clean latent and input: $type at sigma $sigma', (row) => {
    const kind: PredictionKind = row.type === 'eps' ? 'epsilon' : row.type
    // The recordings give every kind the data deviation 1.
    const { fromLatent, fromOutput } = denoisedFactors(kind, row.sigma, 1)
    row.x.forEach((x, i) => {
      expect(x * fromLatent + row.model_output[i]! * fromOutput).toBeCloseTo(row.denoised[i]!, 5)
      expect(x * inputScale(row.sigma)).toBeCloseTo(row.model_input[i]!, 5)
    })
  })

  it.each(['epsilon', 'v', 'edm'] as const)('leave a latent without noise as it is: %s', (kind) => {
    const { fromLatent, fromOutput } = denoisedFactors(kind, 0)
    expect(fromLatent).toBe(1)
    expect(fromOutput).toBeCloseTo(0, 12)
  })

  it('give EDM its own data deviation, one half', () => {
    expect(dataDeviationOf('edm')).toBe(0.5)
    expect(inputScale(0, dataDeviationOf('edm'))).toBe(2)
    expect(denoisedFactors('edm', 0.5).fromLatent).toBeCloseTo(0.5, 12)
  })

  it('agree on the same picture and noise: v and epsilon', () => {
    const [clean, noise, sigma] = [0.7, -1.3, 2.5]
    const latent = clean + sigma * noise
    const root = Math.sqrt(sigma ** 2 + 1)
    const v = noise / root - (sigma / root) * clean
    for (const [kind, output] of [
      ['epsilon', noise],
      ['v', v],
      ['x0', clean],
    ] as const) {
      const { fromLatent, fromOutput } = denoisedFactors(kind, sigma)
      expect(latent * fromLatent + output * fromOutput).toBeCloseTo(clean, 12)
    }
  })
})
