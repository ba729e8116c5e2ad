import type { NodeDefinition } from './node-definition.ts'
import { SAMPLER_NAMES, SCHEDULER_NAMES } from './option-lists.ts'

/** Sampling taken apart: schedules, samplers, lists of sigmas, guiders and noise. */
export const customSamplerNodes: readonly NodeDefinition[] = [
  {
    className: 'SamplerCustom',
    displayName: 'SamplerCustom',
    category: 'sampling/custom_sampling',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        add_noise: { type: 'BOOLEAN', options: { default: true } },
        noise_seed: {
          type: 'INT',
          options: { default: 0, min: 0, max: 18446744073709551615n, control_after_generate: true },
        },
        cfg: { type: 'FLOAT', options: { default: 8, min: 0, max: 100, step: 0.1, round: 0.01 } },
        positive: { type: 'CONDITIONING' },
        negative: { type: 'CONDITIONING' },
        sampler: { type: 'SAMPLER' },
        sigmas: { type: 'SIGMAS' },
        latent_image: { type: 'LATENT' },
      },
    },
    outputs: [
      { type: 'LATENT', name: 'output' },
      { type: 'LATENT', name: 'denoised_output' },
    ],
  },
  {
    className: 'BasicScheduler',
    displayName: 'BasicScheduler',
    category: 'sampling/custom_sampling/schedulers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        scheduler: { type: { choices: SCHEDULER_NAMES } },
        steps: { type: 'INT', options: { default: 20, min: 1, max: 10000 } },
        denoise: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
  {
    className: 'KarrasScheduler',
    displayName: 'KarrasScheduler',
    category: 'sampling/custom_sampling/schedulers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        steps: { type: 'INT', options: { default: 20, min: 1, max: 10000 } },
        sigma_max: {
          type: 'FLOAT',
          options: { default: 14.614642, min: 0, max: 5000, step: 0.01, round: false },
        },
        sigma_min: {
          type: 'FLOAT',
          options: { default: 0.0291675, min: 0, max: 5000, step: 0.01, round: false },
        },
        rho: { type: 'FLOAT', options: { default: 7, min: 0, max: 100, step: 0.01, round: false } },
      },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
  {
    className: 'ExponentialScheduler',
    displayName: 'ExponentialScheduler',
    category: 'sampling/custom_sampling/schedulers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        steps: { type: 'INT', options: { default: 20, min: 1, max: 10000 } },
        sigma_max: {
          type: 'FLOAT',
          options: { default: 14.614642, min: 0, max: 5000, step: 0.01, round: false },
        },
        sigma_min: {
          type: 'FLOAT',
          options: { default: 0.0291675, min: 0, max: 5000, step: 0.01, round: false },
        },
      },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
  {
    className: 'PolyexponentialScheduler',
    displayName: 'PolyexponentialScheduler',
    category: 'sampling/custom_sampling/schedulers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        steps: { type: 'INT', options: { default: 20, min: 1, max: 10000 } },
        sigma_max: {
          type: 'FLOAT',
          options: { default: 14.614642, min: 0, max: 5000, step: 0.01, round: false },
        },
        sigma_min: {
          type: 'FLOAT',
          options: { default: 0.0291675, min: 0, max: 5000, step: 0.01, round: false },
        },
        rho: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
      },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
  {
    className: 'LaplaceScheduler',
    displayName: 'LaplaceScheduler',
    category: 'sampling/custom_sampling/schedulers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        steps: { type: 'INT', options: { default: 20, min: 1, max: 10000 } },
        sigma_max: {
          type: 'FLOAT',
          options: { default: 14.614642, min: 0, max: 5000, step: 0.01, round: false },
        },
        sigma_min: {
          type: 'FLOAT',
          options: { default: 0.0291675, min: 0, max: 5000, step: 0.01, round: false },
        },
        mu: { type: 'FLOAT', options: { default: 0, min: -10, max: 10, step: 0.1, round: false } },
        beta: { type: 'FLOAT', options: { default: 0.5, min: 0, max: 10, step: 0.1, round: false } },
      },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
  {
    className: 'VPScheduler',
    displayName: 'VPScheduler',
    category: 'sampling/custom_sampling/schedulers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        steps: { type: 'INT', options: { default: 20, min: 1, max: 10000 } },
        beta_d: { type: 'FLOAT', options: { default: 19.9, min: 0, max: 5000, step: 0.01, round: false } },
        beta_min: { type: 'FLOAT', options: { default: 0.1, min: 0, max: 5000, step: 0.01, round: false } },
        eps_s: { type: 'FLOAT', options: { default: 0.001, min: 0, max: 1, step: 0.0001, round: false } },
      },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
  {
    className: 'BetaSamplingScheduler',
    displayName: 'BetaSamplingScheduler',
    category: 'sampling/custom_sampling/schedulers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        steps: { type: 'INT', options: { default: 20, min: 1, max: 10000 } },
        alpha: { type: 'FLOAT', options: { default: 0.6, min: 0, max: 50, step: 0.01, round: false } },
        beta: { type: 'FLOAT', options: { default: 0.6, min: 0, max: 50, step: 0.01, round: false } },
      },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
  {
    className: 'SDTurboScheduler',
    displayName: 'SDTurboScheduler',
    category: 'sampling/custom_sampling/schedulers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        steps: { type: 'INT', options: { default: 1, min: 1, max: 10 } },
        denoise: { type: 'FLOAT', options: { default: 1, min: 0n, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
  {
    className: 'KSamplerSelect',
    displayName: 'KSamplerSelect',
    category: 'sampling/custom_sampling/samplers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: { required: { sampler_name: { type: { choices: SAMPLER_NAMES } } } },
    outputs: [{ type: 'SAMPLER' }],
  },
  {
    className: 'SamplerEulerAncestral',
    displayName: 'SamplerEulerAncestral',
    category: 'sampling/custom_sampling/samplers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        eta: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
        s_noise: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
      },
    },
    outputs: [{ type: 'SAMPLER' }],
  },
  {
    className: 'SamplerEulerAncestralCFGPP',
    displayName: 'SamplerEulerAncestralCFG++',
    category: 'sampling/custom_sampling/samplers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        eta: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01, round: false } },
        s_noise: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01, round: false } },
      },
    },
    outputs: [{ type: 'SAMPLER' }],
  },
  {
    className: 'SamplerLMS',
    displayName: 'SamplerLMS',
    category: 'sampling/custom_sampling/samplers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: { required: { order: { type: 'INT', options: { default: 4, min: 1, max: 100 } } } },
    outputs: [{ type: 'SAMPLER' }],
  },
  {
    className: 'SamplerDPMPP_3M_SDE',
    displayName: 'SamplerDPMPP_3M_SDE',
    category: 'sampling/custom_sampling/samplers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        eta: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
        s_noise: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
        noise_device: { type: { choices: ['gpu', 'cpu'] } },
      },
    },
    outputs: [{ type: 'SAMPLER' }],
  },
  {
    className: 'SamplerDPMPP_2M_SDE',
    displayName: 'SamplerDPMPP_2M_SDE',
    category: 'sampling/custom_sampling/samplers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        solver_type: { type: { choices: ['midpoint', 'heun'] } },
        eta: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
        s_noise: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
        noise_device: { type: { choices: ['gpu', 'cpu'] } },
      },
    },
    outputs: [{ type: 'SAMPLER' }],
  },
  {
    className: 'SamplerDPMPP_SDE',
    displayName: 'SamplerDPMPP_SDE',
    category: 'sampling/custom_sampling/samplers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        eta: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
        s_noise: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
        r: { type: 'FLOAT', options: { default: 0.5, min: 0, max: 100, step: 0.01, round: false } },
        noise_device: { type: { choices: ['gpu', 'cpu'] } },
      },
    },
    outputs: [{ type: 'SAMPLER' }],
  },
  {
    className: 'SamplerDPMPP_2S_Ancestral',
    displayName: 'SamplerDPMPP_2S_Ancestral',
    category: 'sampling/custom_sampling/samplers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        eta: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
        s_noise: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
      },
    },
    outputs: [{ type: 'SAMPLER' }],
  },
  {
    className: 'SamplerDPMAdaptative',
    displayName: 'SamplerDPMAdaptative',
    category: 'sampling/custom_sampling/samplers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        order: { type: 'INT', options: { default: 3, min: 2, max: 3 } },
        rtol: { type: 'FLOAT', options: { default: 0.05, min: 0, max: 100, step: 0.01, round: false } },
        atol: { type: 'FLOAT', options: { default: 0.0078, min: 0, max: 100, step: 0.01, round: false } },
        h_init: { type: 'FLOAT', options: { default: 0.05, min: 0, max: 100, step: 0.01, round: false } },
        pcoeff: { type: 'FLOAT', options: { default: 0, min: 0, max: 100, step: 0.01, round: false } },
        icoeff: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
        dcoeff: { type: 'FLOAT', options: { default: 0, min: 0, max: 100, step: 0.01, round: false } },
        accept_safety: {
          type: 'FLOAT',
          options: { default: 0.81, min: 0, max: 100, step: 0.01, round: false },
        },
        eta: { type: 'FLOAT', options: { default: 0, min: 0, max: 100, step: 0.01, round: false } },
        s_noise: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
      },
    },
    outputs: [{ type: 'SAMPLER' }],
  },
  {
    className: 'SamplerER_SDE',
    displayName: 'SamplerER_SDE',
    category: 'sampling/custom_sampling/samplers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        solver_type: { type: 'COMBO', options: { options: ['ER-SDE', 'Reverse-time SDE', 'ODE'] } },
        max_stage: { type: 'INT', options: { default: 3, min: 1, max: 3 } },
        eta: {
          type: 'FLOAT',
          options: { default: 1, min: 0, max: 100, step: 0.01, round: false, tooltip: '' },
        },
        s_noise: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
      },
    },
    outputs: [{ type: 'SAMPLER' }],
  },
  {
    className: 'SamplerSASolver',
    displayName: 'SamplerSASolver',
    category: 'sampling/custom_sampling/samplers',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        model: { type: 'MODEL', options: {} },
        eta: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01, round: false } },
        sde_start_percent: { type: 'FLOAT', options: { default: 0.2, min: 0, max: 1, step: 0.001 } },
        sde_end_percent: { type: 'FLOAT', options: { default: 0.8, min: 0, max: 1, step: 0.001 } },
        s_noise: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01, round: false } },
        predictor_order: { type: 'INT', options: { default: 3, min: 1, max: 6 } },
        corrector_order: { type: 'INT', options: { default: 4, min: 0, max: 6 } },
        use_pece: { type: 'BOOLEAN', options: {} },
        simple_order_2: { type: 'BOOLEAN', options: {} },
      },
    },
    outputs: [{ type: 'SAMPLER' }],
  },
  {
    className: 'SplitSigmas',
    displayName: 'SplitSigmas',
    category: 'sampling/custom_sampling/sigmas',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        sigmas: { type: 'SIGMAS' },
        step: { type: 'INT', options: { default: 0, min: 0, max: 10000 } },
      },
    },
    outputs: [
      { type: 'SIGMAS', name: 'high_sigmas' },
      { type: 'SIGMAS', name: 'low_sigmas' },
    ],
  },
  {
    className: 'SplitSigmasDenoise',
    displayName: 'SplitSigmasDenoise',
    category: 'sampling/custom_sampling/sigmas',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        sigmas: { type: 'SIGMAS' },
        denoise: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [
      { type: 'SIGMAS', name: 'high_sigmas' },
      { type: 'SIGMAS', name: 'low_sigmas' },
    ],
  },
  {
    className: 'FlipSigmas',
    displayName: 'FlipSigmas',
    category: 'sampling/custom_sampling/sigmas',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: { required: { sigmas: { type: 'SIGMAS' } } },
    outputs: [{ type: 'SIGMAS' }],
  },
  {
    className: 'SetFirstSigma',
    displayName: 'SetFirstSigma',
    category: 'sampling/custom_sampling/sigmas',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        sigmas: { type: 'SIGMAS' },
        sigma: { type: 'FLOAT', options: { default: 136, min: 0, max: 20000, step: 0.001, round: false } },
      },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
  {
    className: 'ExtendIntermediateSigmas',
    displayName: 'ExtendIntermediateSigmas',
    category: 'sampling/custom_sampling/sigmas',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        sigmas: { type: 'SIGMAS' },
        steps: { type: 'INT', options: { default: 2, min: 1, max: 100 } },
        start_at_sigma: {
          type: 'FLOAT',
          options: { default: -1, min: -1, max: 20000, step: 0.01, round: false },
        },
        end_at_sigma: {
          type: 'FLOAT',
          options: { default: 12, min: 0, max: 20000, step: 0.01, round: false },
        },
        spacing: { type: { choices: ['linear', 'cosine', 'sine'] } },
      },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
  {
    className: 'SamplingPercentToSigma',
    displayName: 'SamplingPercentToSigma',
    category: 'sampling/custom_sampling/sigmas',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        model: { type: 'MODEL', options: {} },
        sampling_percent: { type: 'FLOAT', options: { default: 0, min: 0, max: 1, step: 0.0001 } },
        return_actual_sigma: { type: 'BOOLEAN', options: { default: false, tooltip: '' } },
      },
    },
    outputs: [{ type: 'FLOAT', name: 'sigma_value' }],
  },
  {
    className: 'CFGGuider',
    displayName: 'CFGGuider',
    category: 'sampling/custom_sampling/guiders',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        positive: { type: 'CONDITIONING' },
        negative: { type: 'CONDITIONING' },
        cfg: { type: 'FLOAT', options: { default: 8, min: 0, max: 100, step: 0.1, round: 0.01 } },
      },
    },
    outputs: [{ type: 'GUIDER' }],
  },
  {
    className: 'DualCFGGuider',
    displayName: 'DualCFGGuider',
    category: 'sampling/custom_sampling/guiders',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        cond1: { type: 'CONDITIONING' },
        cond2: { type: 'CONDITIONING' },
        negative: { type: 'CONDITIONING' },
        cfg_conds: { type: 'FLOAT', options: { default: 8, min: 0, max: 100, step: 0.1, round: 0.01 } },
        cfg_cond2_negative: {
          type: 'FLOAT',
          options: { default: 8, min: 0, max: 100, step: 0.1, round: 0.01 },
        },
        style: { type: { choices: ['regular', 'nested'] } },
      },
    },
    outputs: [{ type: 'GUIDER' }],
  },
  {
    className: 'BasicGuider',
    displayName: 'BasicGuider',
    category: 'sampling/custom_sampling/guiders',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: { required: { model: { type: 'MODEL' }, conditioning: { type: 'CONDITIONING' } } },
    outputs: [{ type: 'GUIDER' }],
  },
  {
    className: 'RandomNoise',
    displayName: 'RandomNoise',
    category: 'sampling/custom_sampling/noise',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        noise_seed: {
          type: 'INT',
          options: { default: 0, min: 0, max: 18446744073709551615n, control_after_generate: true },
        },
      },
    },
    outputs: [{ type: 'NOISE' }],
  },
  {
    className: 'DisableNoise',
    displayName: 'DisableNoise',
    category: 'sampling/custom_sampling/noise',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: { required: {} },
    outputs: [{ type: 'NOISE' }],
  },
  {
    className: 'AddNoise',
    displayName: 'AddNoise',
    category: '_for_testing/custom_sampling/noise',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        noise: { type: 'NOISE' },
        sigmas: { type: 'SIGMAS' },
        latent_image: { type: 'LATENT' },
      },
    },
    outputs: [{ type: 'LATENT' }],
  },
  {
    className: 'SamplerCustomAdvanced',
    displayName: 'SamplerCustomAdvanced',
    category: 'sampling/custom_sampling',
    pythonModule: 'comfy_extras.nodes_custom_sampler',
    inputs: {
      required: {
        noise: { type: 'NOISE' },
        guider: { type: 'GUIDER' },
        sampler: { type: 'SAMPLER' },
        sigmas: { type: 'SIGMAS' },
        latent_image: { type: 'LATENT' },
      },
    },
    outputs: [
      { type: 'LATENT', name: 'output' },
      { type: 'LATENT', name: 'denoised_output' },
    ],
  },
]
