import { RunEvent } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import { optionFlag } from '../options/options-store.ts'
import { searchCheckpoint, toShortTitle } from '../generation/resolve-checkpoint.ts'
import { parameterUnless, type Parameter } from './parameter.ts'

/** Names that mean no refiner. */
const NONE = new Set(['', 'None', 'none'])

/** The refiner's name where a request has one. */
export function refinerName({ request }: Pick<GenerationPlan, 'request'>): string | undefined {
  const name = request.text('refiner_checkpoint')
  return name === null || NONE.has(name) ? undefined : name
}

/** The option that counts a refiner's share in steps, which A1111 tells with or without a refiner. */
export function listRefinerSwitch({ options }: GenerationPlan): Parameter[] {
  const switchesByStep = optionFlag(options, 'refiner_switch_by_sample_steps')
  return switchesByStep ? [{ key: 'Refiner switch by sampling steps', value: true }] : []
}

/** What a refiner adds where it takes over. */
export function listRefinerParameters(plan: GenerationPlan, models: ModelIndex): Parameter[] {
  const { request, options } = plan
  const name = refinerName(plan)
  const file = name === undefined ? undefined : searchCheckpoint(models, name)
  if (file === undefined) return []
  const event = RunEvent.RUN_EVENT_REFINED
  return [
    ...(request.flag('enable_hr')
      ? parameterUnless('Hires refiner', options.get('hires_fix_refiner_pass') ?? null, 'second pass')
      : []),
    { key: 'Refiner', value: toShortTitle(file) },
    { key: 'Refiner switch at', value: request.value('refiner_switch_at') },
  ].map((parameter) => ({ ...parameter, event }))
}
