import { BMP } from './bmp.ts'
import { ICO, takePngOfIcon } from './ico.ts'
import { PCX } from './pcx.ts'
import type { PictureFormat } from './picture.ts'
import { PNM } from './pnm.ts'
import { QOI } from './qoi.ts'
import { TGA } from './tga.ts'

export { takePngOfIcon }
export type { PictureFact, PictureFormat, PictureSize, RawPicture } from './picture.ts'

/** In the order they are tried: TGA, which has no magic number, last. */
const FORMATS: readonly PictureFormat[] = [BMP, PNM, PCX, QOI, ICO, TGA]

/** The format that is decoded here and that a file begins as; undefined for those of sharp, and for what is no picture. */
export function findPictureFormat(bytes: Buffer): PictureFormat | undefined {
  return FORMATS.find((format) => format.recognises(bytes))
}
