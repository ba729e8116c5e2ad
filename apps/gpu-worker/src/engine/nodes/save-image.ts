import { FolderKind, NamedFile } from '@atelier/proto'
import type { NodeExecution } from '../node-graph/node-context.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { encodeFrames } from './encode-frames.ts'
import { parseOutputPrefix, toFileName } from './output-name.ts'

/** zlib level of saved pictures. */
const COMPRESSION = 4

/** Saves pictures as numbered PNG files; the ledger gives the numbers. */
export const saveImage: NodeExecution = async (inputs, context) => {
  const images = inputs.value<Tensor>('images')
  const [count, height, width] = images.shape as [number, number, number]
  const { subfolder, stem } = parseOutputPrefix(inputs.text('filename_prefix'), { width, height }, new Date())
  // Names that hold the place in the batch are not counted: each prompt begins again, and replaces.
  const isCounted = !stem.includes('%batch_num%')
  const first = isCounted ? await context.job.allocate(`output/${subfolder}/${stem}`, count) : 1
  const frames = await encodeFrames(images, context, { compression: COMPRESSION, hasMetadata: true })
  const shown = frames.map((frame, i) => {
    const filename = toFileName(stem, first + i, i)
    const file = NamedFile.fromPartial({
      folder: FolderKind.FOLDER_KIND_OUTPUT,
      subfolder,
      name: filename,
      nodeId: context.nodeId,
      width: frame.width,
      height: frame.height,
    })
    context.keep({ file, bytes: frame.bytes, mediaType: frame.mediaType })
    return { filename, subfolder, type: 'output' }
  })
  return { outputs: [], ui: { images: shown } }
}
