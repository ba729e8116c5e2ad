import {
  runWebuiRecording,
  type WebuiRecording,
} from '../../apps/gpu-worker/src/engine/denoise/test-kit/recorded-webui.ts'
import { compareCase, compareValues, type Comparison } from './report.ts'
import { openTensors, readLines } from './sampling-fixtures.ts'

/** Every sampler run of the WebUI recordings. */
export async function compareWebuiSamplers(path: (name: string) => string): Promise<Comparison[]> {
  const tensors = openTensors(path('samplers/webui.safetensors'))
  return Promise.all(
    readLines<WebuiRecording>(path('samplers_webui.jsonl')).map((row) =>
      compareCase(`A1111 ${row.sampler}`, row.key, async () => {
        if (row.error !== undefined) return (await isRefused(row)) ? 0 : Infinity
        const out = tensors(`${row.key}/out`)
        const { result, calls } = await runWebuiRecording(row, out.shape)
        const isAdaptive = row.sampler === 'DPM adaptive'
        if (isAdaptive && calls !== row.model_sigmas?.length) return Infinity
        return compareValues(result.data, out.data, () => 1e-4 + 20 * (row.spread ?? 0))
      }),
    ),
  )
}

async function isRefused(row: WebuiRecording): Promise<boolean> {
  try {
    await runWebuiRecording(row, [1, 4, 8, 8])
    return false
  } catch {
    return true
  }
}
