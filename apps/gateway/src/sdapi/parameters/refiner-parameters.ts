import type { ModelIndex } from '../../models/model-index.ts'
import type { GenerationPlan } from '../generation-plan.ts'
import { optionFlag } from '../options/options-store.ts'
import { searchCheckpoint, toShortTitle } from '../resolve-checkpoint.ts'
import { parameterUnless, type Parameter } from './parameter.ts'

/** Names that mean no refiner. */
const NONE = new Set(['', 'None', 'none'])

/** The refiner's name where a request has one. */
export function refinerName({ request }: Pick<GenerationPlan, 'request'>): string | undefined {
  const name = request.text('refiner_checkpoint')
  return name === null || NONE.has(name) ? undefined : name
}

/** What a refiner adds. */
export function listRefinerParameters(plan: GenerationPlan, models: ModelIndex): Parameter[] {
  const { request, options } = plan
  const name = refinerName(plan)
  const file = name === undefined ? undefined : searchCheckpoint(models, name)
  if (file === undefined) return []
  const switchesByStep = optionFlag(options, 'refiner_switch_by_sample_steps')
  return [
    ...(switchesByStep ? [{ key: 'Refiner switch by sampling steps', value: true }] : []),
    ...(request.flag('enable_hr')
      ? parameterUnless('Hires refiner', options.get('hires_fix_refiner_pass') ?? null, 'second pass')
      : []),
    { key: 'Refiner', value: toShortTitle(file) },
    { key: 'Refiner switch at', value: request.value('refiner_switch_at') },
  ]
}
