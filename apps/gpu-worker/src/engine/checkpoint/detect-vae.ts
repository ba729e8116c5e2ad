import type { WeightFile } from './weight-file.ts'

/** What the autoencoder's tensors say about its structure. */
export interface VaeConfig {
  readonly prefix: string
  readonly channels: number
  readonly latentChannels: number
  /** Levels, finest first: residual blocks of each in encoder and decoder. */
  readonly encoderBlocks: readonly number[]
  readonly decoderBlocks: readonly number[]
}

/** An autoencoder in LDM names below a prefix, or undefined. */
export function detectVae(file: WeightFile, prefix: string): VaeConfig | undefined {
  const input = file.tensors.get(`${prefix}encoder.conv_in.weight`)?.shape
  const latent = file.tensors.get(`${prefix}decoder.conv_in.weight`)?.shape
  if (input === undefined || latent === undefined) return undefined
  const countBlocks = (part: string): number[] => {
    const counts: number[] = []
    for (let level = 0; file.tensors.has(`${prefix}${part}.${level}.block.0.norm1.weight`); level += 1) {
      let blocks = 0
      while (file.tensors.has(`${prefix}${part}.${level}.block.${blocks}.norm1.weight`)) blocks += 1
      counts.push(blocks)
    }
    return counts
  }
  return {
    prefix,
    channels: input[0]!,
    latentChannels: latent[1]!,
    encoderBlocks: countBlocks('encoder.down'),
    decoderBlocks: countBlocks('decoder.up'),
  }
}
