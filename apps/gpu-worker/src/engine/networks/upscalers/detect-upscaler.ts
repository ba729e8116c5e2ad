import { CheckpointError } from '../../checkpoint/checkpoint-error.ts'
import type { WeightFile } from '../../checkpoint/weight-file.ts'
import type { Graph } from '../../onnx/graph-builder.ts'
import { buildCompact, detectCompact } from './compact.ts'
import { buildEsrgan, detectEsrgan } from './esrgan.ts'
import { buildSwinir, detectSwinir } from './swinir.ts'
import type { UpscalerArchitecture, UpscalerConfig } from './upscaler-config.ts'

/** What trainers wrap the network's tensors in, in the order in which they are looked for. */
const WRAPPERS = [
  'params_ema.',
  'params-ema.',
  'params.',
  'model_state_dict.',
  'state_dict.',
  'net.',
  'model.',
]
/** What parallel training and generator classes put before every name. */
const OWNERS = ['', 'module.', 'netG.', 'netG_A.']

const DETECTORS = [detectSwinir, detectEsrgan, detectCompact]

const BUILDERS: Readonly<Record<UpscalerArchitecture, (file: WeightFile, config: UpscalerConfig) => Graph>> =
  {
    ESRGAN: buildEsrgan,
    Compact: buildCompact,
    SwinIR: buildSwinir,
  }

/**
 * Recognises an upscaler by its tensors' names and shapes.
 * @throws CheckpointError `unknown-structure` when it is none we know
 */
export function detectUpscaler(file: WeightFile): UpscalerConfig {
  for (const wrapper of [...WRAPPERS, '']) {
    for (const owner of OWNERS) {
      for (const detect of DETECTORS) {
        const config = detect(file, wrapper + owner)
        if (config !== undefined) return config
      }
    }
  }
  throw new CheckpointError(
    'unknown-structure',
    file.path,
    'it is no upscaler of the kinds ESRGAN, Real-ESRGAN (compact too) or SwinIR',
  )
}

/** The graph of a recognised upscaler. */
export function buildUpscaler(file: WeightFile, config: UpscalerConfig): Graph {
  return BUILDERS[config.architecture](file, config)
}
