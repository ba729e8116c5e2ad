import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { countF32Bytes } from '../checkpoint/weight-file.ts'
import type { Loaded } from '../models/loaded.ts'
import { buildPhotoMaker, openPhotoMaker } from '../networks/photo-maker.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { SessionOptions } from '../onnx/session.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** PhotoMaker ready to be called; it is loaded at its first call. */
export interface PhotoMaker {
  /** Sides of the square pictures it takes, pixels. */
  readonly imageSize: number
  /** Width of the tokens it changes. */
  readonly contextWidth: number
  /** A prompt's token [1, width] with what is seen in a picture [1, 3, size, size], normalised. */
  readonly fuse: (token: Tensor, picture: Tensor) => Promise<Tensor>
}

/**
 * Opens a PhotoMaker model.
 * @throws CheckpointError when the file is malformed or holds none
 */
export function loadPhotoMaker(path: string, options: SessionOptions): Loaded<PhotoMaker> {
  const opened = openPhotoMaker(readWeightFile(path))
  const sessions = new LazySessions(options)
  const session = sessions.prepare(() => buildPhotoMaker(opened))
  return {
    value: {
      imageSize: opened.config.imageSize,
      contextWidth: opened.contextWidth,
      async fuse(token, picture) {
        const outputs = await (await session()).run({ token, pixels: picture })
        return outputs['fused']!
      },
    },
    costBytes: countF32Bytes(opened.file),
    release: () => sessions.release(),
  }
}
