import { FolderKind, NamedFile } from '@atelier/proto'
import type { NodeAnswer, NodeContext, NodeExecution } from '../node-graph/node-context.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { encodeFrames } from './encode-frames.ts'
import { toFileName } from './output-name.ts'

/** zlib level of preview files: fast. */
const COMPRESSION = 1

/** Keeps pictures in the temp folder and shows them. */
export const previewImage: NodeExecution = (inputs, context) =>
  keepPreviews(inputs.value<Tensor>('images'), COMPRESSION, context)

/** The same for any pictures [batch, height, width, channels]; `compression` is zlib's level. */
export async function keepPreviews(
  images: Tensor,
  compression: number,
  context: NodeContext,
): Promise<NodeAnswer> {
  const frames = await encodeFrames(images, context, { compression, hasMetadata: true })
  const { stem, number } = context.nameTemp(frames.length)
  const shown = frames.map((frame, i) => {
    const filename = toFileName(stem, number + i, i)
    const file = NamedFile.fromPartial({
      folder: FolderKind.FOLDER_KIND_TEMP,
      name: filename,
      nodeId: context.nodeId,
      width: frame.width,
      height: frame.height,
    })
    context.keep({ file, bytes: frame.bytes, mediaType: frame.mediaType })
    return { filename, subfolder: '', type: 'temp' }
  })
  return { outputs: [], ui: { images: shown } }
}
