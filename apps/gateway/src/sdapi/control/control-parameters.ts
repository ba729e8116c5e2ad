import { toPythonString } from '@atelier/catalog/exact-json'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import type { Parameter } from '../parameters/parameter.ts'
import type { UnitRequest } from './read-units.ts'

/** Fields of a unit that its infotext tells, in order. */
const FIELDS = [
  ...['module', 'model', 'weight', 'resize_mode', 'processor_res', 'threshold_a', 'threshold_b'],
  ...['guidance_start', 'guidance_end', 'pixel_perfect', 'control_mode'],
]

/** "ControlNet 0" and so on: what each enabled unit was asked to do, whether it acts or not. */
export function listControlParameters({ control }: Pick<GenerationPlan, 'control'>): Parameter[] {
  return control.asked.map((unit, index) => ({ key: `ControlNet ${index}`, value: describeUnit(unit) }))
}

/** Empty where a value holds a mark that would part it. */
function describeUnit({ values }: UnitRequest): string {
  const texts = FIELDS.map((name) => [toTitle(name), toPythonString(values.get(name) ?? null)] as const)
  if (texts.some(([, text]) => /[,:]/.test(text))) return ''
  return texts.map(([title, text]) => `${title}: ${text}`).join(', ')
}

/** "processor_res" as "Processor Res". */
function toTitle(name: string): string {
  return name
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join(' ')
}
