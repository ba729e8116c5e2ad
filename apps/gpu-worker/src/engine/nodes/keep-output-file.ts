import { FolderKind, NamedFile } from '@atelier/proto'
import type { NodeContext } from '../node-graph/node-context.ts'
import { parseOutputPrefix } from './output-name.ts'

/** A file that goes to the output folder under the next number of its prefix. */
export interface OutputFile {
  readonly prefix: string
  /** Of the picture, for the prefix' placeholders; zeros where there is none. */
  readonly size: { readonly width: number; readonly height: number }
  readonly extension: string
  readonly mediaType: string
  readonly bytes: Uint8Array
}

/** How a kept file is shown to the client. */
export interface ShownFile {
  readonly filename: string
  readonly subfolder: string
  readonly type: string
}

/** Keeps one numbered file; the ledger gives the number. */
export async function keepOutputFile(file: OutputFile, context: NodeContext): Promise<ShownFile> {
  const { subfolder, stem } = parseOutputPrefix(file.prefix, file.size, new Date())
  const number = await context.job.allocate(`output/${subfolder}/${stem}`, 1)
  // The place in the batch is SaveImage's alone: here %batch_num% stays as it is.
  const filename = `${stem}_${String(number).padStart(5, '0')}_.${file.extension}`
  const named = NamedFile.fromPartial({
    ...{ folder: FolderKind.FOLDER_KIND_OUTPUT, subfolder, name: filename, nodeId: context.nodeId },
    ...file.size,
  })
  context.keep({ file: named, bytes: file.bytes, mediaType: file.mediaType })
  return { filename, subfolder, type: 'output' }
}
