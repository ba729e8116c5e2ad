import type { Preprocessing } from '@atelier/proto'
import type { HeldModels } from '../../generation/held-models.ts'
import type { Pixels } from '../../image/pixels.ts'
import { preprocess } from './index.ts'
import { preprocessWithNetwork } from './preprocess-with-network.ts'
import type { PreprocessorSettings } from './preprocessor.ts'

/**
 * Makes the control picture of a picture, by arithmetic or by the network a job names.
 * @throws EngineError for a preprocessor that is not there, CheckpointError for a file that is no network for it
 */
export async function runPreprocessor(
  picture: Pixels,
  { module, network }: Pick<Preprocessing, 'module' | 'network'>,
  settings: PreprocessorSettings,
  models: Pick<HeldModels, 'preprocessor'>,
): Promise<Pixels> {
  if (network === undefined) return preprocess(module, picture, settings)
  return preprocessWithNetwork(module, picture, settings, await models.preprocessor(network))
}
