import {
  fitUnconditional,
  leapToPrompt,
  limitLength,
  rescaleContrast,
  scaleNoise,
  type GuidePatch,
} from '../denoise/composition/guide-patches.ts'
import { combine } from '../denoise/combine.ts'
import { guideByPlace, limitWhole, rise, riseAndFall } from '../denoise/composition/guide-batches.ts'
import { weighFrequencies } from '../denoise/composition/guide-frequencies.ts'
import { dampTangents, projectAdaptively } from '../denoise/composition/guide-projections.ts'
import { guidePerpendicularly } from '../denoise/composition/guiders.ts'
import type { ConditioningValue, ModelValue } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import type { GuiderValue } from '../node-graph/sampling-values.ts'
import type { LatentOperation } from './latent-nodes.ts'
import { addPatches } from './model-sampling-nodes.ts'
import type { NodeTable } from './node-table.ts'

/** Changes of classifier-free guidance. */
export const guidanceNodes: NodeTable = {
  RescaleCFG: async (inputs) => {
    const share = inputs.number('multiplier')
    return patch(inputs, () => rescaleContrast(share))
  },
  CFGZeroStar: async (inputs) => patch(inputs, fitUnconditional),
  CFGNorm: async (inputs) => {
    const strength = inputs.number('strength')
    return patch(inputs, () => limitLength(strength))
  },
  APG: async (inputs) => {
    const settings = {
      eta: inputs.number('eta'),
      longest: inputs.number('norm_threshold'),
      momentum: inputs.number('momentum'),
    }
    return patch(inputs, () => projectAdaptively(settings))
  },
  TCFG: async (inputs) => patch(inputs, dampTangents),
  Mahiro: async (inputs) => patch(inputs, leapToPrompt),
  'Epsilon Scaling': async (inputs) => {
    const factor = inputs.number('scaling_factor')
    return patch(inputs, () => scaleNoise(factor))
  },
  FreSca: async (inputs) => {
    const settings = {
      low: inputs.number('scale_low'),
      high: inputs.number('scale_high'),
      cutoff: inputs.integer('freq_cutoff'),
    }
    return patch(inputs, () => weighFrequencies(settings))
  },
  LatentApplyOperationCFG: async (inputs) => {
    const operation = inputs.value<LatentOperation>('operation')
    return patch(inputs, () => ({
      before: ({ conditioned, unconditional }) => {
        const step = operation(combine([1, conditioned], [-1, unconditional]))
        return { conditioned: combine([1, unconditional], [1, step]), unconditional }
      },
      changesLoneOnes: true,
    }))
  },
  VideoLinearCFGGuidance: async (inputs) => {
    const least = inputs.number('min_cfg')
    return patch(inputs, () => guideByPlace(least, rise))
  },
  VideoTriangleCFGGuidance: async (inputs) => {
    const least = inputs.number('min_cfg')
    return patch(inputs, () => guideByPlace(least, riseAndFall))
  },
  RenormCFG: async (inputs) => {
    const settings = { from: inputs.number('cfg_trunc'), limit: inputs.number('renorm_cfg') }
    return patch(inputs, () => limitWhole(settings))
  },
  // Graphs are compiled for the device as they are.
  TorchCompileModel: keepModel,
  // What they save is lossy: every step is computed.
  EasyCache: keepModel,
  LazyCache: keepModel,
  PerpNegGuider: async (inputs) => {
    const value = (name: string) => inputs.value<ConditioningValue>(name)
    const guider: GuiderValue = {
      model: inputs.value<ModelValue>('model'),
      conditionings: {
        positive: value('positive'),
        negative: value('negative'),
        empty: value('empty_conditioning'),
      },
      rule: guidePerpendicularly(inputs.number('cfg'), inputs.number('neg_scale')),
    }
    return { outputs: [guider] }
  },
}

async function keepModel(inputs: NodeInputs): Promise<{ outputs: [ModelValue] }> {
  return { outputs: [inputs.value<ModelValue>('model')] }
}

function patch(inputs: NodeInputs, make: () => GuidePatch): { outputs: [ModelValue] } {
  return { outputs: [addPatches(inputs, { guides: [make] })] }
}
