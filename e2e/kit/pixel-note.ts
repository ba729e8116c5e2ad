import { readPixelNote } from '@atelier/gpu-worker/fake-engine/pixel-note'
import sharp from 'sharp'

/** The job's public id that the fake engine wrote into a picture's pixels; undefined: there is none. */
export async function readNote(picture: Uint8Array): Promise<string | undefined> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return readPixelNote({ width: info.width, height: info.height, channels: 3, data: new Uint8Array(data) })
}
