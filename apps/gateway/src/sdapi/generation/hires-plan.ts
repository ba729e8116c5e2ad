import {
  resolveWebuiSampling,
  WEBUI_SAMPLERS,
  WEBUI_SCHEDULES,
  type ResolvedSampling,
} from '@atelier/catalog'
import { RefinerPasses, type HiresPass, type Refiner, type SamplingSettings } from '@atelier/proto'
import { toModelRef, type ModelIndex } from '../../models/model-index.ts'
import type { GenerationPlan } from './generation-plan.ts'
import { optionFlag, optionText } from '../options/options-store.ts'
import { refinerName } from '../parameters/refiner-parameters.ts'
import { checkHiresSize } from './check-request.ts'
import { searchCheckpoint } from './resolve-checkpoint.ts'
import { limitRatio, tokenMergingRatios } from './token-merging.ts'
import { toHypernetworks } from './to-hypernetworks.ts'
import { toLoras } from './to-loras.ts'
import { toUpscaler } from './to-upscaler.ts'

/** Pixels of one latent pixel's side. */
const LATENT_PIXELS = 8
/** What an absent upscaler means. */
const DEFAULT_UPSCALER = 'Latent'

/** Where the second pass ends up, pixels and latent pixels. */
export interface HiresTarget {
  readonly width: number
  readonly height: number
  readonly cropColumns: number
  readonly cropRows: number
}

/** Size of the second pass: by factor, by one side with the ratio kept, or by both, what exceeds them cut away. */
function planHiresTarget({ request, width, height }: GenerationPlan): HiresTarget {
  const [x, y] = [request.count('hr_resize_x'), request.count('hr_resize_y')]
  const uncut = { cropColumns: 0, cropRows: 0 }
  if (x === 0 && y === 0) {
    const factor = request.number('hr_scale') ?? 2
    return { ...uncut, width: Math.trunc(width * factor), height: Math.trunc(height * factor) }
  }
  const toHeight = Math.floor((x * height) / width)
  const toWidth = Math.floor((y * width) / height)
  if (y === 0) return { ...uncut, width: x, height: toHeight }
  if (x === 0) return { ...uncut, width: toWidth, height: y }
  const whole = width / height < x / y ? { width: x, height: toHeight } : { width: toWidth, height: y }
  return {
    ...whole,
    cropColumns: Math.floor((whole.width - x) / LATENT_PIXELS),
    cropRows: Math.floor((whole.height - y) / LATENT_PIXELS),
  }
}

/** The second pass a request asks for; undefined: none. */
export function toHires(
  plan: GenerationPlan,
  models: ModelIndex,
  toSampling: (sampling: ResolvedSampling, steps: number) => SamplingSettings,
): HiresPass | undefined {
  const { request, isImageToImage, options } = plan
  if (isImageToImage || !request.flag('enable_hr')) return undefined
  const name = request.text('hr_checkpoint_name') ?? ''
  const isOther = name !== '' && name !== 'Use same checkpoint'
  const checkpoint = isOther ? searchCheckpoint(models, name) : undefined
  const target = planHiresTarget(plan)
  const upscaler = request.text('hr_upscaler') ?? DEFAULT_UPSCALER
  const whole = {
    width: target.width - target.cropColumns * LATENT_PIXELS,
    height: target.height - target.cropRows * LATENT_PIXELS,
  }
  for (const size of [target, whole]) checkHiresSize(size, plan, upscaler)
  return {
    ...target,
    upscaler: toUpscaler(upscaler, models, options),
    sampling: {
      ...toSampling(settleHiresSampling(plan), request.count('hr_second_pass_steps') || plan.steps),
      tokenMergingRatio: limitRatio(tokenMergingRatios(plan).hires ?? 0),
    },
    strength: Math.min(Math.max(request.number('denoising_strength') ?? 0, 0), 1),
    prompt: plan.hiresPrompt,
    negativePrompt: plan.hiresNegativePrompt,
    checkpoint: checkpoint && toModelRef(checkpoint),
    loras: toLoras({ request, prompt: plan.hiresPrompt }, models),
    hypernetworks: toHypernetworks({ request, prompt: plan.hiresPrompt }, models),
  }
}

/** The second pass's sampler and schedule, the first one's where nothing else is asked for. */
export function settleHiresSampling({ request, sampling }: GenerationPlan): ResolvedSampling {
  const name = request.text('hr_sampler_name')
  const sampler = WEBUI_SAMPLERS.find((one) => one.name === name) ?? sampling.sampler
  const asked =
    request.text('hr_scheduler') ?? resolveWebuiSampling(null, request.text('scheduler')).schedule.label
  const wanted = asked === 'Automatic' || asked === '' ? (sampler.defaultSchedule ?? 'automatic') : asked
  const byName = (text: string) => WEBUI_SCHEDULES.find((one) => one.name === text || one.label === text)
  // A schedule that is not there is the plain one.
  return { sampler, schedule: byName(wanted) ?? byName('uniform') ?? sampling.schedule }
}

const PASSES: Readonly<Record<string, RefinerPasses>> = {
  'first pass': RefinerPasses.REFINER_PASSES_FIRST,
  'both passes': RefinerPasses.REFINER_PASSES_BOTH,
}

/** The refiner a request asks for; undefined: none. */
export function toRefiner(plan: GenerationPlan, models: ModelIndex): Refiner | undefined {
  const name = refinerName(plan)
  const file = name === undefined ? undefined : searchCheckpoint(models, name)
  if (file === undefined) return undefined
  return {
    checkpoint: toModelRef(file),
    // Without a share it takes over at once.
    switchAt: Math.min(Math.max(plan.request.number('refiner_switch_at') ?? 0, 0), 1),
    bySteps: optionFlag(plan.options, 'refiner_switch_by_sample_steps'),
    passes: PASSES[optionText(plan.options, 'hires_fix_refiner_pass')] ?? RefinerPasses.REFINER_PASSES_SECOND,
  }
}
