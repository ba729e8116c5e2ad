import type { VaeConfig } from '../checkpoint/detect-vae.ts'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import { buildVaeDecoder, buildVaeEncoder, TILES_INPUT, type DecoderTiles } from '../networks/vae.ts'
import { prepareVariants, type LazySessions } from '../onnx/lazy-sessions.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { LoadedVae } from './loaded-model.ts'
import { refuseNaN } from './refuse-nan.ts'

/** An autoencoder as functions; each half's session is made at its first call. */
export function prepareVae(file: WeightFile, config: VaeConfig, sessions: LazySessions): LoadedVae {
  const decoder = prepareVariants(
    (_, changes) => buildVaeDecoder(file, config, { isCut: changes.length > 0 }),
    sessions,
  )
  const encoder = prepareVariants(() => buildVaeEncoder(file, config), sessions)
  return {
    async decode(latent, wraps = false, tiles) {
      const cut = tiles && { [TILES_INPUT]: toNumbers(latent, tiles) }
      const session = await decoder([], { wraps, ...(cut && { changes: [CUT] }) })
      const { pixels } = await session.run({ latent, ...cut })
      return refuseNaN(pixels!, 'VAE', [latent])
    },
    async encode(pixels, wraps = false) {
      const moments = (await (await encoder([], { wraps })).run({ pixels }))['moments']!
      return splitMoments(moments)
    },
  }
}

/** The variant whose attention is cut into tiles. */
const CUT = { key: 'tiles' }

function toNumbers({ shape }: Tensor, { down, across }: DecoderTiles): Tensor {
  const [, , height, width] = shape as [number, number, number, number]
  return createTensor([6], Float32Array.of(down, height / down, across, width / across, height, width))
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
