import {
  findNetworkPreprocessor,
  POSE_PREPROCESSOR,
  toPreprocessorName,
  type Preprocessor,
} from '@atelier/catalog'
import { ModelKind, type ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { listUsable } from '../lists/list-usable.ts'

/** The networks of a preprocessor. */
export interface PreprocessorFiles {
  readonly network?: ModelFile | undefined
  /** Finds people, for those of poses. */
  readonly detector?: ModelFile | undefined
}

/** The networks of a preprocessor among the models; undefined what it needs none for, or what is not there. */
export function findPreprocessorFiles(models: ModelIndex, { name }: Preprocessor): PreprocessorFiles {
  const find = (...names: readonly string[]) =>
    listUsable(models, ModelKind.MODEL_KIND_PREPROCESSOR).find((file) =>
      names.includes(toPreprocessorName(file.name)),
    )
  if (name !== POSE_PREPROCESSOR.name) return { network: find(name) }
  return { network: find(name, POSE_PREPROCESSOR.joints), detector: find(POSE_PREPROCESSOR.detector) }
}

/** Why a preprocessor cannot be used here; undefined: it can. */
export function whyMissing(preprocessor: Preprocessor, models: ModelIndex): string | undefined {
  const { name, isBuiltIn, isModelFree } = preprocessor
  if (isModelFree && !isBuiltIn)
    return 'it needs a vision network beside the denoiser, which is not supported'
  if (isBuiltIn) return undefined
  const { network, detector } = findPreprocessorFiles(models, preprocessor)
  if (name === POSE_PREPROCESSOR.name) {
    if (network !== undefined && detector !== undefined) return undefined
    const files = [POSE_PREPROCESSOR.detector, POSE_PREPROCESSOR.joints].map((file) => `${file}.onnx`)
    return `it needs two networks, whose weights are not there: models/ControlNetPreprocessor/${files.join(' and ')}`
  }
  if (network !== undefined) return undefined
  return findNetworkPreprocessor(name) === undefined
    ? 'it needs more than a network of its own, which is not supported'
    : `it needs a network of its own, whose weights are not there: models/ControlNetPreprocessor/${name}.onnx`
}
