import { openVision } from '../checkpoint/detect-vision.ts'
import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { joinRows, sliceRows } from '../denoise/combine.ts'
import { countPrefixBytes } from '../models/checkpoint-source.ts'
import type { Loaded } from '../models/loaded.ts'
import { buildClipVision } from '../networks/clip-vision.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { SessionOptions } from '../onnx/session.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** What a picture encoder says of pictures. */
export interface VisionOutput {
  /** [pictures, projected]. */
  readonly embeddings: Tensor
  /** The last layer and the one before it, [pictures, squares + 1, width]. */
  readonly last: Tensor
  readonly penultimate: Tensor
}

/** A picture encoder ready to be called; it is loaded at its first call. */
export interface VisionEncoder {
  /** Sides of the square pictures it takes, pixels. */
  readonly imageSize: number
  /** Encodes pictures [batch, 3, size, size], normalised. */
  readonly encode: (pictures: Tensor) => Promise<VisionOutput>
}

/**
 * Opens the picture encoder of a file.
 * @throws CheckpointError when the file is malformed or holds none
 */
export function loadVision(path: string, options: SessionOptions): Loaded<VisionEncoder> {
  const opened = openVision(readWeightFile(path))
  const sessions = new LazySessions(options)
  const session = sessions.prepare(() => buildClipVision(opened))
  return {
    value: {
      imageSize: opened.config.imageSize,
      async encode(pictures) {
        const rows: Readonly<Record<string, Tensor>>[] = []
        for (let row = 0; row < pictures.shape[0]!; row += 1)
          rows.push(await (await session()).run({ pixels: sliceRows(pictures, row, row + 1) }))
        const join = (name: string) => joinRows(rows.map((outputs) => outputs[name]!))
        return { embeddings: join('embedding'), last: join('last'), penultimate: join('penultimate') }
      },
    },
    // Of a whole checkpoint, the tensors of `vision_model` and `visual_projection`.
    costBytes: countPrefixBytes(opened.file, 'vis'),
    release: () => sessions.release(),
  }
}
