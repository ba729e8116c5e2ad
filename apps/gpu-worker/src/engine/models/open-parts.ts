import { ModelKind, type ModelFile } from '@atelier/proto'
import { partsOfCheckpoint, partsOfTexts, type AdaptableParts } from './adaptable-parts.ts'
import { openCheckpoint } from './checkpoint-source.ts'
import { openTextFiles } from './load-text-encoders.ts'

/**
 * Opens the parts of a model: of a checkpoint or denoiser, or of one or two text encoder files.
 * @throws CheckpointError when a file is malformed or of an unknown kind
 */
export function openParts(files: readonly ModelFile[]): AdaptableParts {
  const [first] = files
  const name = files.map((file) => file.name).join(' and ')
  if (first?.kind === ModelKind.MODEL_KIND_TEXT_ENCODER)
    return partsOfTexts(openTextFiles(files.map(({ path }) => path)), name)
  return partsOfCheckpoint(openCheckpoint(first?.path ?? ''), name)
}
