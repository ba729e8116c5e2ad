import type { JobImages } from '@atelier/catalog/atelier-api'
import type { Client } from '../api/client.ts'

/** Thumbnails kept as addresses of bytes; older ones are let go. */
const MAX_KEPT = 400

/** Pictures of jobs. They are fetched with the credentials, which a picture's tag cannot carry. */
export interface PictureStore {
  /** Address of a picture's bytes, for a tag; `size` is the longest side of a smaller one. */
  address(jobId: string, index: number, size?: number): Promise<string>
  /** The file itself. */
  read(jobId: string, index: number): Promise<Blob>
  describe(jobId: string): Promise<JobImages['images']>
}

/** Makes the store. */
export function createPictureStore(client: Client): PictureStore {
  const kept = new Map<string, Promise<string>>()
  const described = new Map<string, Promise<JobImages['images']>>()
  const pathOf = (jobId: string, index: number, size: number | undefined) =>
    `atelier/v1/jobs/${jobId}/images/${index}${size === undefined ? '' : `?size=${size}`}`
  const fetchBlob = async (path: string): Promise<Blob> => {
    const blob = await client.getBlob(path)
    if (blob === undefined) throw new Error('the picture is not there')
    return blob
  }
  return {
    address(jobId, index, size) {
      const path = pathOf(jobId, index, size)
      const known = kept.get(path)
      if (known !== undefined) {
        // Looked at last, it goes last.
        kept.delete(path)
        kept.set(path, known)
        return known
      }
      const address = fetchBlob(path).then((blob) => URL.createObjectURL(blob))
      kept.set(path, address)
      address.catch(() => kept.delete(path))
      dropOldest(kept)
      return address
    },
    read: (jobId, index) => fetchBlob(pathOf(jobId, index, undefined)),
    describe(jobId) {
      const known = described.get(jobId)
      if (known !== undefined) return known
      const images = client.getJson<JobImages>(`atelier/v1/jobs/${jobId}/images`).then((body) => body.images)
      described.set(jobId, images)
      images.catch(() => described.delete(jobId))
      return images
    },
  }
}

function dropOldest(kept: Map<string, Promise<string>>): void {
  for (const [path, address] of kept) {
    if (kept.size <= MAX_KEPT) return
    kept.delete(path)
    address.then((text) => URL.revokeObjectURL(text)).catch(() => undefined)
  }
}
