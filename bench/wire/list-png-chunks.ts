import { readPngChunks } from '@atelier/catalog/png'

/** A chunk of a PNG as the recordings list it. */
export interface ListedChunk {
  readonly type: string
  readonly len: number
  readonly keyword?: string
  readonly text?: string
  /** Width, height, bit depth, colour type, compression, filter, interlace. */
  readonly ihdr?: readonly number[]
}

/** Lists the chunks of a PNG. */
export function listPngChunks(bytes: Uint8Array): ListedChunk[] {
  return [...readPngChunks(bytes)].map(({ type, content }) => ({
    ...{ type, len: content.length },
    ...describe(type, content),
  }))
}

function describe(type: string, data: Buffer): Partial<ListedChunk> {
  if (type === 'IHDR') return { ihdr: [data.readUInt32BE(0), data.readUInt32BE(4), ...data.subarray(8)] }
  if (type !== 'tEXt') return {}
  const end = data.indexOf(0)
  return { keyword: data.toString('latin1', 0, end), text: data.toString('latin1', end + 1) }
}
