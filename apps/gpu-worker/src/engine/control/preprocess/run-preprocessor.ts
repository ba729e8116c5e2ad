import { POSE_PREPROCESSOR } from '@atelier/catalog'
import type { Preprocessing } from '@atelier/proto'
import { EngineError } from '../../engine-error.ts'
import type { HeldModels } from '../../generation/held-models.ts'
import type { Pixels } from '../../image/pixels.ts'
import { preprocess } from './index.ts'
import { detectPoses, type PoseMap } from './pose/detect-poses.ts'
import { preprocessWithNetwork } from './preprocess-with-network.ts'
import type { PreprocessorSettings } from './preprocessor.ts'

/** A preprocessor, and the files of its networks. */
export type PreprocessorFiles = Pick<Preprocessing, 'module' | 'network'> &
  Partial<Pick<Preprocessing, 'detector'>>

/**
 * Draws the poses of a picture.
 * @throws EngineError when a network is not there, or another than it is taken for
 */
export async function runPosePreprocessor(
  picture: Pixels,
  { network, detector }: Omit<PreprocessorFiles, 'module'>,
  { resolution }: PreprocessorSettings,
  models: Pick<HeldModels, 'preprocessor'>,
): Promise<PoseMap> {
  if (network === undefined || detector === undefined)
    throw new EngineError('invalid-request', 'poses need two networks: a detector, and one of joints', {
      exceptionType: 'NotImplementedError',
    })
  const networks = {
    detector: await models.preprocessor(detector),
    joints: await models.preprocessor(network),
  }
  return detectPoses(picture, resolution, networks)
}

/**
 * Makes the control picture of a picture, by arithmetic or by the network a job names.
 * @throws EngineError for a preprocessor that is not there, CheckpointError for a file that is no network for it
 */
export async function runPreprocessor(
  picture: Pixels,
  { module, network, detector }: PreprocessorFiles,
  settings: PreprocessorSettings,
  models: Pick<HeldModels, 'preprocessor'>,
): Promise<Pixels> {
  if (module === POSE_PREPROCESSOR.name)
    return (await runPosePreprocessor(picture, { network, detector }, settings, models)).picture
  if (network === undefined) return preprocess(module, picture, settings)
  return preprocessWithNetwork(module, picture, settings, await models.preprocessor(network))
}
