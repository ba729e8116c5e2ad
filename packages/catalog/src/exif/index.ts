export {
  createAsciiExif,
  createUserCommentExif,
  insertJpegExif,
  insertWebpExif,
  type WebpCanvas,
} from './exif.ts'
