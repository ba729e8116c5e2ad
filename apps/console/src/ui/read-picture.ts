import type { SourcePicture } from '../state/playground.ts'

/** Largest file that is taken, bytes: the server's own limit of a request is 200 MB, and base64 adds a third. */
const MAX_BYTES = 100 * 1024 * 1024

/**
 * A picture's bytes as the form holds them.
 * @throws Error in words when the file is none a browser can read, or too large
 */
export async function readPicture(file: Blob, name: string): Promise<SourcePicture> {
  if (file.size > MAX_BYTES) throw new Error(`“${name}” is larger than 100 MB.`)
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error(`“${name}” is no picture this browser can read.`)
  })
  const { width, height } = bitmap
  bitmap.close()
  return { dataUrl: await readDataUrl(file), width, height, name }
}

/** Bytes as a data URL of a picture, whatever the system takes a file without an ending for. */
export function readDataUrl(file: Blob): Promise<string> {
  const typed = file.type.startsWith('image/') ? file : new Blob([file], { type: 'image/png' })
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(new Error('the file cannot be read'))
    reader.readAsDataURL(typed)
  })
}
