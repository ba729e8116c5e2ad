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
  const encoding = loadTinyEncoder(encoder, factor, options)
  const decoding = loadTinyDecoder(decoder, factor, options)
  return {
    value: { encode: encoding.value, decode: decoding.value },
    costBytes: encoding.costBytes + decoding.costBytes,
    release: async () => {
      await Promise.all([encoding.release(), decoding.release()])
    },
  }
}

/**
 * Opens the half that encodes.
 * @throws CheckpointError when the file is malformed or holds no such half
 */
export function loadTinyEncoder(
  path: string,
  factor: number,
  options: SessionOptions,
): Loaded<LoadedVae['encode']> {
  const file = readWeightFile(path)
  const layers = findTinyLayers(file, 'encoder')
  const sessions = new LazySessions(options)
  const session = sessions.prepare(() => buildTinyEncoder(file, layers))
  return {
    async value(pixels) {
      const halved = mapValues(pixels, (value) => value * 0.5 + 0.5)
      const latent = (await (await session()).run({ pixels: halved }))['latent']!
      const mean = mapValues(latent, (value) => value / factor)
      return { mean, logVariance: mapValues(mean, () => CERTAIN) }
    },
    costBytes: countF32Bytes(file),
    release: () => sessions.release(),
  }
}

/**
 * Opens the half that decodes.
 * @throws CheckpointError when the file is malformed or holds no such half
 */
export function loadTinyDecoder(
  path: string,
  factor: number,
  options: SessionOptions,
): Loaded<LoadedVae['decode']> {
  const file = readWeightFile(path)
  const layers = findTinyLayers(file, 'decoder')
  const sessions = new LazySessions(options)
  const session = sessions.prepare(() => buildTinyDecoder(file, layers))
  return {
    async value(latent) {
      const scaled = mapValues(latent, (value) => value * factor)
      const pixels = (await (await session()).run({ latent: scaled }))['pixels']!
      return mapValues(pixels, (value) => 2 * (value - 0.5))
    },
    costBytes: countF32Bytes(file),
    release: () => sessions.release(),
  }
}

function mapValues({ shape, data }: Tensor, change: (value: number) => number): Tensor {
  return createTensor(
    shape,
    data.map((value) => change(value)),
  )
}
