import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { optionFlag, optionText } from '../options/options-store.ts'
import { hashPixels } from '../request/picture-facts.ts'
import type { RequestPicture } from '../request/read-picture.ts'
import { keepInside, type SaveSettings } from './save-pictures.ts'

/**
 * Saves a request's source pictures under the MD5 of their pixels where the option `save_init_img` says so, whether its
 * results are saved or not; gives their paths.
 * @throws ApiError for a folder outside the data folder
 */
export async function saveSources(
  sources: readonly RequestPicture[],
  { root, options }: Pick<SaveSettings, 'root' | 'options'>,
): Promise<string[]> {
  if (!optionFlag(options, 'save_init_img')) return []
  const folder = optionText(options, 'outdir_init_images')
  return Promise.all(
    sources.map(async (source) => {
      const path = keepInside(root, join(folder, `${await hashPixels(source)}.png`))
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, await sharp(source.bytes).rotate().png().toBuffer())
      return path
    }),
  )
}
