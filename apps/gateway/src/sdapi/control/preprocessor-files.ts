import { findNetworkPreprocessor, toPreprocessorName, type Preprocessor } from '@atelier/catalog'
import { ModelKind, type ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { listUsable } from '../lists/list-usable.ts'

/** The network of a preprocessor among the models; undefined where it is not there. */
export function findPreprocessorFile(models: ModelIndex, { name }: Preprocessor): ModelFile | undefined {
  return listUsable(models, ModelKind.MODEL_KIND_PREPROCESSOR).find(
    (file) => toPreprocessorName(file.name) === name,
  )
}

/** Why a preprocessor cannot be used here; undefined: it can. */
export function whyMissing(preprocessor: Preprocessor, models: ModelIndex): string | undefined {
  const { name, isBuiltIn, isModelFree } = preprocessor
  if (isModelFree && !isBuiltIn)
    return 'it needs a vision network beside the denoiser, which is not supported'
  if (isBuiltIn || findPreprocessorFile(models, preprocessor) !== undefined) return undefined
  return findNetworkPreprocessor(name) === undefined
    ? 'it needs more than a network of its own, which is not supported'
    : `it needs a network of its own, whose weights are not there: models/ControlNetPreprocessor/${name}.onnx`
}
