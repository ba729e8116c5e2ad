import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { countF32Bytes } from '../checkpoint/weight-file.ts'
import { buildTinyDecoder, buildTinyEncoder, findTinyLayers } from '../networks/tiny-vae.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { SessionOptions } from '../onnx/session.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { Loaded } from './loaded.ts'
import type { LoadedVae } from './loaded-model.ts'

/** The two files of a tiny autoencoder. */
export interface TinyVaeFiles {
  readonly encoder: string
  readonly decoder: string
}

/** A log variance so low that nothing is drawn around the mean. */
const CERTAIN = -30

/**
 * Opens a tiny autoencoder (TAESD) in place of a whole one. Its latents are those of sampling; `factor` brings them to the
 * autoencoder's scale. Pictures that tile are decoded as others.
 * @throws CheckpointError when a file is malformed or holds no such half
 */
export function loadTinyVae(
  { encoder, decoder }: TinyVaeFiles,
  factor: number,
  options: SessionOptions,
): Loaded<LoadedVae> {
  const [encoding, decoding] = [readWeightFile(encoder), readWeightFile(decoder)]
  const sessions = new LazySessions(options)
  const [encoderLayers, decoderLayers] = [
    findTinyLayers(encoding, 'encoder'),
    findTinyLayers(decoding, 'decoder'),
  ]
  const encode = sessions.prepare(() => buildTinyEncoder(encoding, encoderLayers))
  const decode = sessions.prepare(() => buildTinyDecoder(decoding, decoderLayers))
  return {
    value: {
      async decode(latent) {
        const scaled = mapValues(latent, (value) => value * factor)
        const pixels = (await (await decode()).run({ latent: scaled }))['pixels']!
        return mapValues(pixels, (value) => 2 * (value - 0.5))
      },
      async encode(pixels) {
        const halved = mapValues(pixels, (value) => value * 0.5 + 0.5)
        const latent = (await (await encode()).run({ pixels: halved }))['latent']!
        const mean = mapValues(latent, (value) => value / factor)
        return { mean, logVariance: mapValues(mean, () => CERTAIN) }
      },
    },
    costBytes: countF32Bytes(encoding) + countF32Bytes(decoding),
    release: () => sessions.release(),
  }
}

function mapValues({ shape, data }: Tensor, change: (value: number) => number): Tensor {
  return createTensor(
    shape,
    data.map((value) => change(value)),
  )
}
