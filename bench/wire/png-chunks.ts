/** A chunk of a PNG as the recordings list it. */
export interface PngChunk {
  readonly type: string
  readonly len: number
  readonly keyword?: string
  readonly text?: string
  /** Width, height, bit depth, colour type, compression, filter, interlace. */
  readonly ihdr?: readonly number[]
}

/** Lists the chunks of a PNG. */
export function readPngChunks(bytes: Uint8Array): PngChunk[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const chunks: PngChunk[] = []
  for (let at = 8; at + 12 <= view.length;) {
    const len = view.readUInt32BE(at)
    const type = view.toString('latin1', at + 4, at + 8)
    chunks.push({ type, len, ...describe(type, view.subarray(at + 8, at + 8 + len)) })
    at += 12 + len
  }
  return chunks
}

function describe(type: string, data: Buffer): Partial<PngChunk> {
  if (type === 'IHDR') return { ihdr: [data.readUInt32BE(0), data.readUInt32BE(4), ...data.subarray(8)] }
  if (type !== 'tEXt') return {}
  const end = data.indexOf(0)
  return { keyword: data.toString('latin1', 0, end), text: data.toString('latin1', end + 1) }
}
