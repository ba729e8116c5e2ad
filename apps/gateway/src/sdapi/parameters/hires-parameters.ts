import { resolveWebuiSampling, WEBUI_SAMPLERS, WEBUI_SCHEDULES } from '@atelier/catalog'
import type { ModelIndex } from '../../models/model-index.ts'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import { searchCheckpoint, toShortTitle } from '../generation/resolve-checkpoint.ts'
import type { Parameter } from './parameter.ts'

/** What the second pass of a text-to-image job adds. */
export function listHiresParameters(plan: GenerationPlan, models: ModelIndex): Parameter[] {
  const { request, sampling } = plan
  if (!request.flag('enable_hr')) return []
  const [checkpoint, sampler] = [request.text('hr_checkpoint_name'), request.text('hr_sampler_name')]
  const file = checkpoint === null || checkpoint === '' ? undefined : searchCheckpoint(models, checkpoint)
  return [
    { key: 'Denoising strength', value: request.value('denoising_strength') },
    ...(file ? [{ key: 'Hires checkpoint', value: toShortTitle(file) }] : []),
    ...(sampler !== null && sampler !== sampling.sampler.name
      ? [{ key: 'Hires sampler', value: sampler }]
      : []),
    toPromptParameter('Hires prompt', plan.hiresPrompt, plan.prompt),
    toPromptParameter('Hires negative prompt', plan.hiresNegativePrompt, plan.negativePrompt),
    { key: 'Hires schedule type', value: toHiresSchedule(plan) },
    ...listTarget(plan),
  ]
}

/** `info` cannot hold these two: A1111 works them out for each image. */
function toPromptParameter(key: string, prompt: string, first: string): Parameter {
  return prompt === first ? { key, value: null } : { key, value: null, text: prompt }
}

/** The second pass's schedule where its sampler follows one and it is another than the first pass's. */
function toHiresSchedule({ request, sampling }: GenerationPlan): string | null {
  const samplerName = request.text('hr_sampler_name') ?? sampling.sampler.name
  const sampler = WEBUI_SAMPLERS.find(({ name }) => name === samplerName)
  if (sampler === undefined || sampler.isTimestepSampler === true) return null
  const asked =
    request.text('hr_scheduler') ?? resolveWebuiSampling(null, request.text('scheduler')).schedule.label
  const wanted = asked === 'Automatic' || asked === '' ? sampler.defaultSchedule : asked
  const schedule = WEBUI_SCHEDULES.find(({ name, label }) => name === wanted || label === wanted)
  const isNamed = schedule !== undefined && schedule.name !== 'automatic'
  return isNamed && schedule.label !== sampling.schedule.label ? schedule.label : null
}

function listTarget({ request }: GenerationPlan): Parameter[] {
  const [x, y] = [request.count('hr_resize_x'), request.count('hr_resize_y')]
  const upscaler = request.text('hr_upscaler')
  return [
    x === 0 && y === 0
      ? { key: 'Hires upscale', value: request.value('hr_scale') }
      : { key: 'Hires resize', value: `${x}x${y}` },
    ...(request.count('hr_second_pass_steps') === 0
      ? []
      : [{ key: 'Hires steps', value: request.value('hr_second_pass_steps') }]),
    ...(upscaler === null ? [] : [{ key: 'Hires upscaler', value: upscaler }]),
  ]
}
