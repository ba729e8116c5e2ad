import { measureDib, readDibHeader } from './dib.ts'
import { readDib } from './dib-pixels.ts'
import { requireBytes, type PictureFormat } from './picture.ts'

/** "BM", the file's length, and where its pixels begin. */
const FILE_HEADER = 14
const PIXELS_AT = 10
const COMPRESSION_AT = 30

/**
 * Windows and OS/2 bitmaps of 1, 4, 8, 16, 24 and 32 bits, plain, in runs, and with masks. No library of npm reads them
 * as Pillow does: of the seven plain kinds in the test, bmp-ts 1.0.9 decodes four otherwise, fast-bmp 4.0.1 refuses three.
 */
export const BMP: PictureFormat = {
  name: 'BMP',
  recognises: (bytes) => bytes.toString('latin1', 0, 2) === 'BM',
  measure: (bytes) => {
    requireBytes(bytes, FILE_HEADER, 'BMP')
    return measureDib(bytes, FILE_HEADER)
  },
  read: (bytes) => readDib(bytes, readDibHeader(bytes, FILE_HEADER), bytes.readUInt32LE(PIXELS_AT)),
  describe: (bytes) =>
    new Map([['compression', bytes.readUInt32LE(FILE_HEADER) < 40 ? 0 : bytes.readUInt32LE(COMPRESSION_AT)]]),
}
