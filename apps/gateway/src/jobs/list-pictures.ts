import type { JobImage } from '@atelier/catalog/atelier-api'
import { Surface, type JobRecord, type NamedFile } from '@atelier/proto'
import { readInfotexts } from '../sdapi/answer/made-infotexts.ts'

/** Types that are sent as what they are: pixels, which a browser shows and does not run. */
const SHOWN_TYPES = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif'])

/** The pictures a job made, in the order of its answer; what generations made for saving alone is left out. */
export function listPictures({ job, result }: JobRecord): NamedFile[] {
  const isGeneration = job?.surface !== Surface.SURFACE_COMFY
  return (result?.files ?? []).filter(
    ({ name, blob }) => SHOWN_TYPES.has(blob?.mediaType ?? '') && !(isGeneration && name !== ''),
  )
}

/** Those pictures as a body tells them, each with the text it carries. */
export function describePictures(record: JobRecord): JobImage[] {
  const texts = readInfotexts(record)
  const indexes = record.result?.imageIndexes ?? []
  return listPictures(record).map(({ blob, width, height }, index) => ({
    ...{ index, width, height },
    media_type: blob?.mediaType ?? '',
    size_bytes: blob?.sizeBytes ?? 0,
    infotext: texts[indexes[index] ?? index] ?? '',
  }))
}
