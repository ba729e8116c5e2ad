import { createDpmAdaptive } from '../denoise/samplers/dpm-adaptive.ts'
import { createDpmppSde } from '../denoise/samplers/dpmpp-sde.ts'
import { createErSde, ER_SDE_SCALE, reverseTimeScale } from '../denoise/samplers/er-sde.ts'
import { eulerCfgPpAlternative } from '../denoise/samplers/euler-cfg-pp.ts'
import { createLcmUpscale } from '../denoise/samplers/lcm-upscale.ts'
import { createLms } from '../denoise/samplers/lms.ts'
import { createSaSolver, tauBetween } from '../denoise/samplers/sa-solver.ts'
import type { ModelValue, NodeContext } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import type { SamplerValue } from '../node-graph/sampling-values.ts'
import { upscale, type UpscaleMethod } from '../resample/common-upscale.ts'
import { describeModel } from './describe-model.ts'
import type { NodeTable } from './node-table.ts'

/** Samplers by name, and samplers made with options. The CPU makes the noise, whatever device a node names for it. */
export const samplerNodes: NodeTable = {
  KSamplerSelect: async (inputs) => give({ sampler: inputs.text('sampler_name') }),
  SamplerEulerAncestral: async (inputs) => give({ sampler: 'euler_ancestral', ...readNoise(inputs) }),
  SamplerEulerAncestralCFGPP: async (inputs) =>
    give({ sampler: 'euler_ancestral_cfg_pp', ...readNoise(inputs) }),
  SamplerLMS: async (inputs) => give({ sampler: createLms(inputs.integer('order')) }),
  SamplerDPMPP_3M_SDE: async (inputs) => give({ sampler: 'dpmpp_3m_sde', ...readNoise(inputs) }),
  SamplerDPMPP_2M_SDE: async (inputs) => {
    const isHeun = inputs.text('solver_type') === 'heun'
    return give({ sampler: isHeun ? 'dpmpp_2m_sde_heun' : 'dpmpp_2m_sde', ...readNoise(inputs) })
  },
  SamplerDPMPP_SDE: async (inputs) =>
    give({ sampler: createDpmppSde(inputs.number('r')), ...readNoise(inputs) }),
  SamplerDPMPP_2S_Ancestral: async (inputs) => give({ sampler: 'dpmpp_2s_ancestral', ...readNoise(inputs) }),
  SamplerDPMAdaptative: async (inputs) => {
    const sampler = createDpmAdaptive({
      order: inputs.integer('order'),
      relativeTolerance: inputs.number('rtol'),
      absoluteTolerance: inputs.number('atol'),
      firstStep: inputs.number('h_init'),
      proportional: inputs.number('pcoeff'),
      integral: inputs.number('icoeff'),
      derivative: inputs.number('dcoeff'),
      acceptance: inputs.number('accept_safety'),
    })
    return give({ sampler, ...readNoise(inputs) })
  },
  SamplerER_SDE: async (inputs) => give(createErSampler(inputs)),
  SamplerSASolver: async (inputs, context) => give(await createSaSampler(inputs, context)),
  SamplerEulerCFGpp: async (inputs) =>
    give(
      inputs.text('version') === 'regular'
        ? { sampler: 'euler_cfg_pp' }
        : { sampler: eulerCfgPpAlternative, needsUnconditional: true },
    ),
  SamplerLCMUpscale: async (inputs) => {
    const method = inputs.text('upscale_method') as UpscaleMethod
    const sampler = createLcmUpscale({
      ratio: inputs.number('scale_ratio'),
      steps: inputs.integer('scale_steps'),
      resize: (latent, size) => upscale(latent, size, { method, crop: 'disabled' }),
    })
    return give({ sampler })
  },
}

function give(sampler: SamplerValue) {
  return { outputs: [sampler] }
}

function readNoise(inputs: NodeInputs): Pick<SamplerValue, 'options'> {
  return { options: { eta: inputs.number('eta'), sNoise: inputs.number('s_noise') } }
}

function createErSampler(inputs: NodeInputs): SamplerValue {
  const kind = inputs.text('solver_type')
  const asked = inputs.number('eta')
  const isOrdinary = kind === 'ODE' || (kind === 'Reverse-time SDE' && asked === 0)
  return {
    sampler: createErSde({
      noiseScale: kind === 'ER-SDE' ? ER_SDE_SCALE : reverseTimeScale(isOrdinary ? 0 : asked),
      maxStage: inputs.integer('max_stage'),
    }),
    options: { sNoise: isOrdinary ? 0 : inputs.number('s_noise') },
  }
}

async function createSaSampler(inputs: NodeInputs, context: NodeContext): Promise<SamplerValue> {
  const { sampling } = await describeModel(inputs.value<ModelValue>('model'), context)
  const at = (name: string) => sampling.atPercent(inputs.number(name))
  return {
    sampler: createSaSolver({
      tauAt: tauBetween(at('sde_start_percent'), at('sde_end_percent'), inputs.number('eta')),
      predictorOrder: inputs.integer('predictor_order'),
      correctorOrder: inputs.integer('corrector_order'),
      evaluatesTwice: inputs.flag('use_pece'),
      simpleOrderTwo: inputs.flag('simple_order_2'),
    }),
    options: { sNoise: inputs.number('s_noise') },
  }
}
