import type { ModelFamily, PredictionKind } from '@atelier/catalog'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** How a model's latents and those of the autoencoder belong together: `(latent - mean) * factor / deviation`. */
export interface LatentFormat {
  readonly factor: number
  /** Of each channel; absent: 0 and 1. */
  readonly channels?: readonly { readonly mean: number; readonly deviation: number }[]
}

const SD: LatentFormat = { factor: 0.18215 }
const SDXL: LatentFormat = { factor: 0.13025 }
/** Playground 2.5, the EDM model among the SDXLs (its model card). */
const PLAYGROUND: LatentFormat = {
  factor: 0.5,
  channels: [
    { mean: -1.6574, deviation: 8.4927 },
    { mean: 1.886, deviation: 5.9022 },
    { mean: -1.383, deviation: 6.5498 },
    { mean: 2.5155, deviation: 5.2299 },
  ],
}

/** The latents of a family. */
export function latentFormatOf(family: ModelFamily, prediction: PredictionKind): LatentFormat {
  if (family === 'sd1' || family === 'sd2') return SD
  return prediction === 'edm' ? PLAYGROUND : SDXL
}

/** The autoencoder's latents [batch, channels, h, w] as a model samples them. */
export function toModelLatent(latent: Tensor, { factor, channels }: LatentFormat): Tensor {
  if (channels === undefined) return mapChannels(latent, () => ({ factor, offset: 0 }))
  return mapChannels(latent, (channel) => {
    const { mean, deviation } = channels[channel]!
    return { factor: factor / deviation, offset: (-mean * factor) / deviation }
  })
}

/** A model's latents as the autoencoder decodes them. */
export function toVaeLatent(latent: Tensor, { factor, channels }: LatentFormat): Tensor {
  if (channels === undefined) return mapChannels(latent, () => ({ factor: 1 / factor, offset: 0 }))
  return mapChannels(latent, (channel) => {
    const { mean, deviation } = channels[channel]!
    return { factor: deviation / factor, offset: mean }
  })
}

function mapChannels(
  { shape, data }: Tensor,
  of: (channel: number) => { readonly factor: number; readonly offset: number },
): Tensor {
  const [, channels = 1, height = 1, width = 1] = shape
  const plane = height * width
  const mapped = createTensor(shape)
  for (let start = 0, index = 0; start < data.length; start += plane, index += 1) {
    const { factor, offset } = of(index % channels)
    for (let i = start; i < start + plane; i += 1) mapped.data[i] = data[i]! * factor + offset
  }
  return mapped
}
