import { describe, expect, it } from 'vitest'
import { readRecordings, worstRelative } from '../test-kit/read-recordings.ts'
import { runSigmaNode, type SigmaNodeRecording } from '../test-kit/recorded-sigma-nodes.ts'
import { createModelSampling } from '../model-sampling.ts'
import { cutByDenoise, extendSigmas, flipSigmas, splitSigmasByDenoise } from './edit-sigmas.ts'
import { listGitsSigmas } from './gits.ts'
import { listSdTurboSigmas } from './sd-turbo.ts'

const rows = readRecordings<SigmaNodeRecording>('nodes.jsonl', import.meta.url)

describe('sigmas of ComfyUI’s nodes', () => {
  it.each(rows)('equal the recorded ones: $node $args', (row) => {
    const outputs = runSigmaNode(row)
    expect(outputs).toHaveLength(row.out.length)
    row.out.forEach((expected, i) => {
      expect(worstRelative(outputs![i]!, [expected].flat())).toBeLessThan(1e-5)
    })
  })
})

describe('listGitsSigmas', () => {
  it('refuses what the table has no row for', () => {
    expect(() => listGitsSigmas({ coefficient: 1.21, steps: 5, denoise: 1 })).toThrow(
      'GITS has no row for coefficient 1.21 and 5 steps',
    )
    expect(() => listGitsSigmas({ coefficient: 1.2, steps: 1, denoise: 1 })).toThrow(RangeError)
  })

  it('takes a coefficient that arithmetic has blurred', () => {
    const blurred = listGitsSigmas({ coefficient: 0.8 + 8 * 0.05, steps: 5, denoise: 1 })
    expect(blurred).toEqual(listGitsSigmas({ coefficient: 1.2, steps: 5, denoise: 1 }))
  })
})

describe('cutByDenoise', () => {
  it('keeps the end of a list and makes its last sigma zero', () => {
    expect(cutByDenoise([4, 3, 2, 1, 0.5], 4, 0.5)).toEqual([2, 1, 0])
    expect(cutByDenoise([4, 3, 2, 1, 0.5], 4, 1)).toEqual([4, 3, 2, 1, 0])
    expect(cutByDenoise([4, 3], 1, 0)).toEqual([])
  })
})

describe('lists turned, cut and extended', () => {
  it('come back when turned twice, but for a zero', () => {
    expect(flipSigmas(flipSigmas([3, 2, 1]))).toEqual([3, 2, 1])
    expect(flipSigmas([1, 0])).toEqual([Math.fround(0.0001), 1])
  })

  it('share the sigma they are cut at', () => {
    const [high, low] = splitSigmasByDenoise([5, 4, 3, 2, 1, 0], 0.4)
    expect(high.at(-1)).toBe(low[0])
    expect([...high, ...low.slice(1)]).toEqual([5, 4, 3, 2, 1, 0])
  })

  it('stay as they are where one step stands for one', () => {
    expect(extendSigmas([3, 2, 0], { steps: 1, from: -1, to: 0, spacing: 'sine' })).toEqual([3, 2, 0])
  })
})

describe('listSdTurboSigmas', () => {
  it('ends where its ten timesteps end', () => {
    expect(listSdTurboSigmas(10, 1, createModelSampling())).toHaveLength(11)
    expect(listSdTurboSigmas(10, 0.3, createModelSampling())).toHaveLength(4)
  })
})
