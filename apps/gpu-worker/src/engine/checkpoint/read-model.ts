import { statSync } from 'node:fs'
import { readDiffusersFolder } from './diffusers/read-folder.ts'
import { readWeightFile } from './read-weight-file.ts'
import type { WeightFile } from './weight-file.ts'

/**
 * Reads a model's table of contents: one weight file, or a Diffusers folder as if it were one.
 * @throws CheckpointError naming the file or folder and what is wrong with it
 */
export function readModel(path: string): WeightFile {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  return isFolder ? readDiffusersFolder(path) : readWeightFile(path)
}
