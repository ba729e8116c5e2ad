import { describe, expect, it } from 'vitest'
import { COMFY_SAMPLER_NAMES, WEBUI_SAMPLERS } from '@atelier/catalog'
import { createModelSampling } from '../model-sampling.ts'
import { planComfy } from '../plan-comfy.ts'
import { planWebui } from '../plan-webui.ts'
import { runComfyRecording, type ComfyRecording } from '../test-kit/recorded-comfy.ts'
import { toWebuiSampling } from '../test-kit/recorded-webui-sampling.ts'
import { runWebuiRecording, type WebuiRecording } from '../test-kit/recorded-webui.ts'
import { readRecordings, toTensor, worstDistance, type RecordedTensor } from '../test-kit/read-recordings.ts'

const base = new URL('../plan.ts', import.meta.url).href
type WithResult<T> = T & { readonly out: RecordedTensor }
const webui = readRecordings<WithResult<WebuiRecording>>('samplers-webui.jsonl', base)
const comfy = ['samplers-comfy.jsonl', 'samplers-flow.jsonl'].flatMap((name) =>
  readRecordings<WithResult<ComfyRecording>>(name, base),
)

/** The recordings' own tolerance: how far rounding of the network alone moves the result, and a little. */
const toleranceOf = (spread = 0) => 1e-4 + 20 * spread

describe('samplers of A1111', () => {
  it('are all there', () => {
    for (const { name } of WEBUI_SAMPLERS)
      expect(() => planWebui(toWebuiSampling({ sampler: name, steps: 20 }))).not.toThrow()
  })

  it.each(webui.filter(({ error }) => error === undefined))(
    'give the original’s latent: $key',
    async (row) => {
      const expected = toTensor(row.out)
      const { result, calls } = await runWebuiRecording(row, expected.shape)
      expect(worstDistance(result.data, expected.data)).toBeLessThan(toleranceOf(row.spread))
      if (row.model_sigmas !== undefined) expect(calls).toBe(row.model_sigmas.length)
    },
  )

  it.each(webui.filter(({ error }) => error !== undefined))(
    'refuse what the original refuses: $key',
    async (row) => {
      await expect(runWebuiRecording(row, [1, 4, 8, 8])).rejects.toThrow()
    },
  )
})

describe('samplers of ComfyUI', () => {
  it('are all there', () => {
    const model = createModelSampling()
    for (const sampler of COMFY_SAMPLER_NAMES) {
      const plan = () => planComfy({ sampler, schedule: 'normal', steps: 4, denoise: 1, model })
      expect(plan).not.toThrow()
    }
  })

  it.each(comfy)('give the original’s latent: $key', async (row) => {
    const expected = toTensor(row.out)
    const { result, calls } = await runComfyRecording(row, expected.shape)
    expect(worstDistance(result.data, expected.data)).toBeLessThan(toleranceOf(row.spread))
    expect(calls).toBe(row.model_sigmas.length)
  })
})
