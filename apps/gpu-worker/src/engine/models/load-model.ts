import { detectModel, detectVae, type DetectedModel, type VaeConfig } from '../checkpoint/detect-model.ts'
import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import { countF32Bytes, readSafetensors, type WeightFile } from '../checkpoint/safetensors.ts'
import { buildClipText, CHUNK_TOKENS } from '../networks/clip-text.ts'
import { buildUnet } from '../networks/unet.ts'
import { buildVaeDecoder, buildVaeEncoder } from '../networks/vae.ts'
import { LazySessions, prepareVariants } from '../onnx/lazy-sessions.ts'
import type { Session, SessionOptions } from '../onnx/session.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { TextEncoder, VectorReplacement } from '../text-encode/text-encoder.ts'
import type { LoadedModel, LoadedVae } from './loaded-model.ts'

/** Scale between the autoencoder's latents and those of sampling, SD 1.x and 2.x. */
const SD_SCALE_FACTOR = 0.18215

/** Something loaded, what it costs, and how to let it go. */
export interface Loaded<T> {
  readonly value: T
  /** Bytes its weights take as f32 once every network is loaded. */
  readonly costBytes: number
  /** Frees every session that was made. */
  release(): Promise<void>
}

/** A checkpoint with its own autoencoder, where it has one. */
export interface LoadedCheckpoint {
  readonly model: LoadedModel
  readonly vae?: LoadedVae
}

/**
 * Opens a checkpoint: reads its header, recognises it, and prepares its networks; each session is made at its first use.
 * @throws CheckpointError when the file is malformed or of an unknown kind
 */
export function loadCheckpoint(
  path: string,
  identity: string,
  options: SessionOptions,
): Loaded<LoadedCheckpoint> {
  const file = readSafetensors(path)
  const detected = detectModel(file)
  const sessions = new LazySessions(options)
  const model = prepareModel(file, detected, { identity, sessions })
  const vae = detected.vae && prepareVae(file, detected.vae, sessions)
  return {
    value: vae === undefined ? { model } : { model, vae },
    costBytes: countF32Bytes(file),
    release: () => sessions.release(),
  }
}

/**
 * Opens a separate autoencoder file, with or without the prefix it has inside checkpoints.
 * @throws CheckpointError when it holds none
 */
export function loadVaeFile(path: string, options: SessionOptions): Loaded<LoadedVae> {
  const file = readSafetensors(path)
  const config = detectVae(file, '') ?? detectVae(file, 'first_stage_model.')
  if (config === undefined) throw new CheckpointError('unknown-structure', path, 'it holds no autoencoder')
  const sessions = new LazySessions(options)
  return {
    value: prepareVae(file, config, sessions),
    costBytes: countF32Bytes(file),
    release: () => sessions.release(),
  }
}

function prepareModel(
  file: WeightFile,
  detected: DetectedModel,
  { identity, sessions }: { identity: string; sessions: LazySessions },
): LoadedModel {
  const [text] = detected.textEncoders
  if (text === undefined) throw new CheckpointError('unknown-structure', file.path, 'it has no text encoder')
  const unet = prepareVariants((controls) => buildUnet(file, detected.unet, controls), sessions)
  const encoder = sessions.prepare(() => buildClipText(file, text))
  return {
    identity,
    family: detected.family,
    textEncoders: [prepareTextEncoder(encoder, text)],
    async predict({ latent, timesteps, context, control = {}, wraps = false }) {
      const session = await unet(Object.keys(control), wraps)
      const outputs = await session.run({
        latent,
        timesteps: createTensor([timesteps.length], timesteps),
        context,
        ...control,
      })
      return outputs['prediction']!
    },
  }
}

function prepareTextEncoder(
  encoder: () => Promise<Session>,
  text: { width: number; layers: number },
): TextEncoder {
  const nameOf = (fromEnd: number, finalNorm: boolean) =>
    `${finalNorm ? 'normal' : 'hidden'}_${Math.max(1, text.layers + 1 - fromEnd)}`
  return {
    key: 'clip_l',
    width: text.width,
    layerCount: text.layers,
    defaultLayer: 1,
    finalNorm: true,
    async encode({ tokens, vectors, layer, finalNorm }) {
      const session = await encoder()
      const [wanted, last] = [nameOf(layer, finalNorm), nameOf(1, true)]
      const outputs = await session.run(toTextInputs(tokens, text.width, vectors), [
        ...new Set([wanted, last]),
      ])
      return { hidden: outputs[wanted]!, pooled: takeEndOfText(outputs[last]!, tokens) }
    },
  }
}

function toTextInputs(
  chunks: readonly (readonly number[])[],
  width: number,
  vectors: readonly VectorReplacement[],
) {
  const embeddings = createTensor([chunks.length, CHUNK_TOKENS, width])
  const use = createTensor([chunks.length, CHUNK_TOKENS, 1])
  for (const { chunk, position, vector } of vectors) {
    const row = chunk * CHUNK_TOKENS + position
    embeddings.data.set(vector, row * width)
    use.data[row] = 1
  }
  const integers = BigInt64Array.from(chunks.flat(), BigInt)
  return { tokens: { shape: [chunks.length, CHUNK_TOKENS], integers }, embeddings, use }
}

/** The vector at each chunk's end-of-text token: the first occurrence of its largest id, as CLIP takes it. */
function takeEndOfText(normal: Tensor, chunks: readonly (readonly number[])[]): Tensor {
  const width = normal.shape[2]!
  const pooled = createTensor([chunks.length, width])
  chunks.forEach((ids, chunk) => {
    const row = chunk * CHUNK_TOKENS + ids.indexOf(Math.max(...ids))
    pooled.data.set(normal.data.subarray(row * width, (row + 1) * width), chunk * width)
  })
  return pooled
}

function prepareVae(file: WeightFile, config: VaeConfig, sessions: LazySessions): LoadedVae {
  const decoder = prepareVariants(() => buildVaeDecoder(file, config), sessions)
  const encoder = prepareVariants(() => buildVaeEncoder(file, config), sessions)
  return {
    scaleFactor: SD_SCALE_FACTOR,
    async decode(latent, wraps = false) {
      return (await (await decoder([], wraps)).run({ latent }))['pixels']!
    },
    async encode(pixels, wraps = false) {
      const moments = (await (await encoder([], wraps)).run({ pixels }))['moments']!
      return splitMoments(moments)
    },
  }
}

function splitMoments({ shape, data }: Tensor): { mean: Tensor; logVariance: Tensor } {
  const [batch, channels, height, width] = shape as [number, number, number, number]
  const half = (channels / 2) * height * width
  const part = (offset: number): Tensor => {
    const values = new Float32Array(batch * half)
    for (let row = 0; row < batch; row += 1) {
      const start = (2 * row + offset) * half
      values.set(data.subarray(start, start + half), row * half)
    }
    return createTensor([batch, channels / 2, height, width], values)
  }
  return { mean: part(0), logVariance: part(1) }
}
