import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { countF32Bytes } from '../checkpoint/weight-file.ts'
import { sliceRows } from '../denoise/combine.ts'
import type { Loaded } from '../models/loaded.ts'
import { buildStyleAdapter, openStyle } from '../networks/style-adapter.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { SessionOptions } from '../onnx/session.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { joinTokens } from '../text-encode/conditioning.ts'

/** A style adapter ready to be called; it is loaded at its first call. */
export interface StyleAdapter {
  /** Width of the picture encoder whose last layer it reads. */
  readonly width: number
  /** Width of the tokens it makes. */
  readonly contextWidth: number
  /** Tokens [1, pictures x tokens, context width] of the last layers of pictures [pictures, squares, width]. */
  readonly describe: (last: Tensor) => Promise<Tensor>
}

/**
 * Opens a style adapter.
 * @throws CheckpointError when the file is malformed or holds none
 */
export function loadStyle(path: string, options: SessionOptions): Loaded<StyleAdapter> {
  const file = readWeightFile(path)
  const opened = openStyle(file)
  const sessions = new LazySessions(options)
  const session = sessions.prepare(() => buildStyleAdapter(opened))
  const { width, contextWidth } = opened
  return {
    value: {
      ...{ width, contextWidth },
      async describe(last) {
        const tokens: Tensor[] = []
        for (let row = 0; row < last.shape[0]!; row += 1) {
          const outputs = await (await session()).run({ squares: sliceRows(last, row, row + 1) })
          tokens.push(outputs['tokens']!)
        }
        return joinTokens(tokens)
      },
    },
    costBytes: countF32Bytes(file),
    release: () => sessions.release(),
  }
}
