import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { countF32Bytes, type WeightFile } from '../checkpoint/weight-file.ts'
import type { Loaded } from '../models/loaded.ts'
import { buildApproximateDecoder, checkApproximateDecoder } from '../networks/approximate-vae.ts'
import { buildTinyDecoder, findTinyLayers } from '../networks/tiny-vae.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { SessionOptions } from '../onnx/session.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { PreviewKind } from './find-preview-file.ts'

/** A small network that shows a latent before it is done. */
export interface PreviewNetwork {
  /** Latent [batch, 4, h, w] in sampling scale to pixels [batch, 3, H, W], about -1 to 1. */
  readonly decode: (latent: Tensor) => Promise<Tensor>
}

/**
 * Opens a preview network.
 * @throws CheckpointError when the file is malformed or holds none of that kind
 */
export function loadPreviewNetwork(
  path: string,
  kind: PreviewKind,
  options: SessionOptions,
): Loaded<PreviewNetwork> {
  const file = readWeightFile(path)
  const sessions = new LazySessions(options)
  const value = kind === 'tiny' ? prepareTiny(file, sessions) : prepareApproximate(file, sessions)
  return { value, costBytes: countF32Bytes(file), release: () => sessions.release() }
}

function prepareTiny(file: WeightFile, sessions: LazySessions): PreviewNetwork {
  const layers = findTinyLayers(file, 'decoder')
  const session = sessions.prepare(() => buildTinyDecoder(file, layers))
  return {
    async decode(latent) {
      const { shape, data } = (await (await session()).run({ latent }))['pixels']!
      return createTensor(
        shape,
        data.map((value) => 2 * (value - 0.5)),
      )
    },
  }
}

function prepareApproximate(file: WeightFile, sessions: LazySessions): PreviewNetwork {
  checkApproximateDecoder(file)
  const session = sessions.prepare(() => buildApproximateDecoder(file))
  return {
    async decode(latent) {
      return (await (await session()).run({ latent }))['pixels']!
    },
  }
}
