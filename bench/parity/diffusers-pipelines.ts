import { combine } from '../../apps/gpu-worker/src/engine/denoise/combine.ts'
import { createGuidedDenoiser } from '../../apps/gpu-worker/src/engine/denoise/guidance.ts'
import { listLabelNumbers, makeLabel } from '../../apps/gpu-worker/src/engine/denoise/label.ts'
import { createGenerator } from '../../apps/gpu-worker/src/engine/denoise/noise/generator.ts'
import {
  planDiffusers,
  type DiffusersSettings,
} from '../../apps/gpu-worker/src/engine/denoise/plan-diffusers.ts'
import { runSampling } from '../../apps/gpu-worker/src/engine/denoise/run-sampling.ts'
import { toModelLatent, toVaeLatent } from '../../apps/gpu-worker/src/engine/models/latent-format.ts'
import type { LoadedCheckpoint } from '../../apps/gpu-worker/src/engine/models/load-model.ts'
import { toChannelsLast } from '../../apps/gpu-worker/src/engine/resample/resize-tensor.ts'
import { createTensor, type Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { encodeComfyPrompt } from '../../apps/gpu-worker/src/engine/text-encode/encode-comfy-prompt.ts'
import { TextModels } from '../../apps/gpu-worker/src/engine/text-models.ts'

/** One call of a pipeline as recorded. */
export interface PipelineRow {
  readonly scheduler: string
  readonly config?: DiffusersSettings
  readonly prompt: string
  readonly negative_prompt: string
  readonly num_inference_steps: number
  readonly guidance_scale: number
  readonly strength?: number
}

const texts = new TextModels({ webui: () => new Map(), comfy: () => undefined })
const NO_NOISE = {
  next: () => createTensor([1]),
  churn: () => createTensor([1]),
  between: () => createTensor([1]),
}

/** Runs a recorded call with the engine's stages: the latent it ends with, and the timesteps the network was given. */
export async function runPipeline(
  { model }: LoadedCheckpoint,
  row: PipelineRow,
  start: { readonly noise: Tensor; readonly source?: Tensor },
): Promise<{ latent: Tensor; timesteps: number[] }> {
  const plan = planDiffusers({
    scheduler: row.scheduler,
    ...(row.config && { settings: row.config }),
    steps: row.num_inference_steps,
    strength: row.strength,
    model: model.sampling,
  })
  const side = 8 * start.noise.shape[2]!
  const encode = async (prompt: string) => {
    const { tokens, pooled } = await encodeComfyPrompt(prompt, texts.comfy(model, undefined))
    const size = { width: side, height: side, targetWidth: side, targetHeight: side }
    const numbers = { ...size, cropLeft: 0, cropTop: 0, aestheticScore: 0 }
    const label = model.labelWidth > 0 ? { label: makeLabel(pooled!, listLabelNumbers('sdxl', numbers)) } : {}
    return { weight: 1, tokens, ...label }
  }
  const [positive, negative] = [await encode(row.prompt), await encode(row.negative_prompt)]
  const timesteps: number[] = []
  const { latent } = await runSampling({
    plan,
    denoise: createGuidedDenoiser({
      network: (inputs) => {
        timesteps.push(inputs.timesteps[0]!)
        return model.predict(inputs)
      },
      conditioningAt: () => ({ positive: [[positive]], negative: [[negative]] }),
      guidanceScale: row.guidance_scale,
      prediction: model.prediction,
      plan,
    }),
    noise: NO_NOISE,
    startNoise: start.noise,
    source: start.source,
    options: { sNoise: 1, sChurn: 0, sTmin: 0, sTmax: Infinity, flavour: 'webui' },
    isStopped: () => false,
    onStep: async () => undefined,
  })
  return { latent, timesteps }
}

/** The picture of a latent, [height, width, 3]; the recordings round where A1111 cuts off. */
export async function decodePicture({ model, vae }: LoadedCheckpoint, latent: Tensor): Promise<Uint8Array> {
  const { data } = toChannelsLast(await vae!.decode(toVaeLatent(latent, model.latents)))
  return Uint8Array.from(data, (value) => Math.round(Math.min(Math.max((value + 1) / 2, 0), 1) * 255))
}

/** The start of image to image: the posterior's draw first, then the start noise, of one generator on the CPU. */
export async function startFromPicture(
  { model, vae }: LoadedCheckpoint,
  picture: Tensor,
  seed: bigint,
): Promise<{ noise: Tensor; source: Tensor }> {
  const { mean, logVariance } = await vae!.encode(
    createTensor(
      picture.shape,
      picture.data.map((value) => 2 * value - 1),
    ),
  )
  const generator = createGenerator('cpu', seed)
  const draw = () => createTensor(mean.shape, generator.drawNormal(mean.data.length))
  const spread = draw()
  const deviated = spread.data.map((value, i) => value * Math.exp(logVariance.data[i]! / 2))
  const posterior = combine([1, mean], [1, createTensor(mean.shape, deviated)])
  return { source: toModelLatent(posterior, model.latents), noise: draw() }
}
