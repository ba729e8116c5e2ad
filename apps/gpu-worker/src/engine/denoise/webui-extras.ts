import type { ScheduleChange } from './model-sampling.ts'
import { PlanError } from './plan.ts'
import type { SkipSettings } from './skip-unconditional.ts'
import type { UniPcSettings, WebuiSampling } from './webui-sampling.ts'

/** Settings of a run that only some samplers or schedules look at. */
export interface WebuiExtras {
  readonly sampling: Pick<
    WebuiSampling,
    'usesOldSigmas' | 'betaShape' | 'usesSgmNoise' | 'extraNoise' | 'uniPc'
  >
  /** Changes of the schedule that checkpoints were trained at. */
  readonly schedule: ScheduleChange
  readonly skips: Pick<SkipSettings, 'skipsAll' | 'earlyShare'>
}

/**
 * Reads the extra options of a generation job: JSON by A1111's option names; absent ones keep its defaults.
 * @throws PlanError naming the option whose value is of the wrong kind or out of range
 */
export function parseWebuiExtras(text: string): WebuiExtras {
  const read = readOptions(text)
  const [alpha, beta] = [read.number('beta_dist_alpha', 0.6), read.number('beta_dist_beta', 0.6)]
  if (alpha <= 0 || beta <= 0)
    throw new PlanError(`beta_dist_alpha and beta_dist_beta must be above 0, got ${alpha} and ${beta}`)
  return {
    sampling: {
      usesOldSigmas: read.flag('use_old_karras_scheduler_sigmas', false),
      betaShape: { alpha, beta },
      usesSgmNoise: read.flag('sgm_noise_multiplier', false),
      extraNoise: read.number('img2img_extra_noise', 0),
      uniPc: {
        variant: read.choice('uni_pc_variant', VARIANTS),
        skipType: read.choice('uni_pc_skip_type', SKIP_TYPES),
        order: Math.max(Math.trunc(read.number('uni_pc_order', 3)), 1),
        lowersLastOrders: read.flag('uni_pc_lower_order_final', true),
      },
    },
    schedule: {
      isZeroTerminal: read.is('sd_noise_schedule', 'Zero Terminal SNR'),
      isHalfPrecision: read.flag('use_downcasted_alpha_bar', false),
    },
    skips: {
      skipsAll: read.flag('s_min_uncond_all', false),
      earlyShare: read.number('skip_early_cond', 0),
    },
  }
}

// The first of each is A1111's default; "vary_coeff", its third variant, is not built.
const VARIANTS: readonly UniPcSettings['variant'][] = ['bh1', 'bh2']
const SKIP_TYPES: readonly UniPcSettings['skipType'][] = ['time_uniform', 'time_quadratic', 'logSNR']

function readOptions(text: string) {
  const options = parseObject(text)
  const refuse = (name: string, wanted: string): never => {
    throw new PlanError(`the option ${name} must be ${wanted}, got ${JSON.stringify(options[name])}`)
  }
  return {
    number(name: string, fallback: number): number {
      const value = options[name] ?? fallback
      return typeof value === 'number' && Number.isFinite(value) ? value : refuse(name, 'a number')
    },
    flag(name: string, fallback: boolean): boolean {
      const value = options[name] ?? fallback
      return typeof value === 'boolean' ? value : refuse(name, 'true or false')
    },
    is(name: string, value: string): boolean {
      return options[name] === value
    },
    choice<T extends string>(name: string, choices: readonly T[]): T {
      const value = options[name] ?? choices[0]!
      const found = choices.find((choice) => choice === value)
      return found ?? refuse(name, `one of ${choices.join(', ')}`)
    },
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch (cause) {
    throw new PlanError('the extra options are not JSON', { cause })
  }
  throw new PlanError('the extra options are not a JSON object')
}
