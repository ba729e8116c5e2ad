import {
  runComfyRecording,
  type ComfyRecording,
} from '../../apps/gpu-worker/src/engine/denoise/test-kit/recorded-comfy.ts'
import { compareCase, compareValues, type Comparison } from './report.ts'
import { openTensors, readLines } from './sampling-fixtures.ts'

/** Every sampler run of the ComfyUI recordings. */
export async function compareComfySamplers(path: (name: string) => string): Promise<Comparison[]> {
  const tensors = openTensors(path('samplers/comfy.safetensors'))
  return Promise.all(
    readLines<ComfyRecording>(path('samplers_comfy.jsonl')).map((row) =>
      compareCase(`ComfyUI ${row.sampler}`, row.key, async () => {
        const out = tensors(`${row.key}/out`)
        const { result, calls } = await runComfyRecording(row, out.shape)
        if (calls !== row.model_sigmas.length) return Infinity
        return compareValues(result.data, out.data, () => 1e-4 + 20 * row.spread)
      }),
    ),
  )
}
