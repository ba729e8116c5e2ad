import { statSync } from 'node:fs'
import { readDiffusersFolder } from './diffusers/read-folder.ts'
import { isDiffusersUnet, toLdmUnet } from './diffusers/to-ldm.ts'
import { readWeightFile } from './read-weight-file.ts'
import type { WeightFile } from './weight-file.ts'

/**
 * Reads a model's table of contents under the original layout's names: a weight file (a UNet alone under Diffusers'
 * names too), or a Diffusers folder as if it were one file.
 * @throws CheckpointError naming the file or folder and what is wrong with it
 */
export function readModel(path: string): WeightFile {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  if (isFolder) return readDiffusersFolder(path)
  const file = readWeightFile(path)
  return isDiffusersUnet(file) ? toLdmUnet(file) : file
}
