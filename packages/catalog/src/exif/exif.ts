const exifPrefix = Buffer.from('Exif\0\0', 'latin1')
const unicodePrefix = Buffer.from('UNICODE\0', 'latin1')
const exifPointerTag = 0x8769
const userCommentTag = 0x9286
const longType = 4
const undefinedType = 7

function createDirectory(tag: number, type: number, count: number, value: number): Buffer {
  const directory = Buffer.alloc(18)
  directory.writeUInt16BE(1, 0)
  directory.writeUInt16BE(tag, 2)
  directory.writeUInt16BE(type, 4)
  directory.writeUInt32BE(count, 6)
  directory.writeUInt32BE(value, 10)
  return directory
}

/** A TIFF block whose only content is the EXIF user comment: "UNICODE", zero, UTF-16 big-endian. */
export function createUserCommentExif(comment: string): Uint8Array {
  const text = Buffer.from(comment, 'utf16le').swap16()
  const value = Buffer.concat([unicodePrefix, text])
  const header = Buffer.from('4d4d002a00000008', 'hex')
  const exifOffset = header.length + 18
  return new Uint8Array(
    Buffer.concat([
      header,
      createDirectory(exifPointerTag, longType, 1, exifOffset),
      createDirectory(userCommentTag, undefinedType, value.length, exifOffset + 18),
      value,
    ]),
  )
}

/** Longest content of a JPEG segment, bytes. */
const longestSegment = 65_533

/**
 * A JPEG file with an EXIF block after its JFIF header. A block that fits no segment (about 32 000 characters) is left
 * out, for the file cannot carry it.
 */
export function insertJpegExif(jpeg: Uint8Array, exif: Uint8Array): Uint8Array {
  const content = Buffer.concat([exifPrefix, exif])
  if (content.length > longestSegment) return jpeg
  const source = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength)
  const hasJfif = source.readUInt16BE(2) === 0xffe0
  const start = hasJfif ? 4 + source.readUInt16BE(4) : 2
  const head = Buffer.alloc(4)
  head.writeUInt16BE(0xffe1, 0)
  head.writeUInt16BE(content.length + 2, 2)
  return new Uint8Array(Buffer.concat([source.subarray(0, start), head, content, source.subarray(start)]))
}

function createRiffChunk(type: string, content: Uint8Array): Buffer {
  const chunk = Buffer.alloc(8 + content.length + (content.length % 2))
  chunk.write(type, 0, 'latin1')
  chunk.writeUInt32LE(content.length, 4)
  chunk.set(content, 8)
  return chunk
}

/** What a WebP file's extended header says. */
export interface WebpCanvas {
  readonly width: number
  readonly height: number
  readonly hasAlpha: boolean
}

const exifFlag = 0x08
const alphaFlag = 0x10

/** A WebP file in the extended layout with an EXIF block at its end; a simple file gets the extended header. */
export function insertWebpExif(webp: Uint8Array, exif: Uint8Array, canvas: WebpCanvas): Uint8Array {
  const source = Buffer.from(webp.buffer, webp.byteOffset, webp.byteLength)
  const isExtended = source.toString('latin1', 12, 16) === 'VP8X'
  const header = Buffer.alloc(10)
  if (isExtended) source.copy(header, 0, 20, 30)
  else {
    header[0] = canvas.hasAlpha ? alphaFlag : 0
    header.writeUIntLE(canvas.width - 1, 4, 3)
    header.writeUIntLE(canvas.height - 1, 7, 3)
  }
  header[0] = (header[0] ?? 0) | exifFlag
  const body = Buffer.concat([
    Buffer.from('WEBP', 'latin1'),
    createRiffChunk('VP8X', header),
    source.subarray(isExtended ? 30 : 12),
    createRiffChunk('EXIF', exif),
  ])
  const file = Buffer.alloc(8 + body.length)
  file.write('RIFF', 0, 'latin1')
  file.writeUInt32LE(body.length, 4)
  body.copy(file, 8)
  return new Uint8Array(file)
}

const asciiType = 2
/** Values up to this length stand in the directory itself. */
const inlineLength = 4

/** A TIFF block of ASCII values by tag, little-endian and in the order of the tags, as Pillow writes it. */
export function createAsciiExif(texts: ReadonlyMap<number, string>): Uint8Array {
  const entries = [...texts].sort(([a], [b]) => a - b)
  const directory = Buffer.alloc(2 + 12 * entries.length + 4)
  directory.writeUInt16LE(entries.length, 0)
  const values: Buffer[] = []
  const header = Buffer.from('49492a0008000000', 'hex')
  let offset = header.length + directory.length
  entries.forEach(([tag, text], index) => {
    const value = Buffer.from(`${text}\0`, 'latin1')
    const at = 2 + 12 * index
    directory.writeUInt16LE(tag, at)
    directory.writeUInt16LE(asciiType, at + 2)
    directory.writeUInt32LE(value.length, at + 4)
    if (value.length <= inlineLength) {
      value.copy(directory, at + 8)
      return
    }
    directory.writeUInt32LE(offset, at + 8)
    // Values begin at even places.
    const padded = Buffer.concat([value, Buffer.alloc(value.length % 2)])
    values.push(padded)
    offset += padded.length
  })
  return new Uint8Array(Buffer.concat([header, directory, ...values]))
}
