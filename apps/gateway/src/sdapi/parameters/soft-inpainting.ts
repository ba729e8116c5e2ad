import { isExactObject } from '@atelier/catalog/exact-json'
import type { GenerationPlan } from '../generation-plan.ts'
import type { Parameter } from './parameter.ts'

const TITLE = 'soft inpainting'
/** Arguments of the script in their order, with what they are when they are not sent. */
const ARGUMENTS = [
  ['Soft inpainting schedule bias', 1n],
  ['Soft inpainting preservation strength', 0.5],
  ['Soft inpainting transition contrast boost', 4n],
  ['Soft inpainting mask influence', 0n],
  ['Soft inpainting difference threshold', 0.5],
  ['Soft inpainting difference contrast', 2n],
] as const

/** What the always-on script "soft inpainting" adds where a request switches it on and sends a mask. */
export function listSoftInpaintingParameters({ request, pictures }: GenerationPlan): Parameter[] {
  if (pictures.mask === 'none') return []
  const settings = [...request.record('alwayson_scripts')].find(([name]) => name.toLowerCase() === TITLE)?.[1]
  const args = isExactObject(settings) ? settings.get('args') : undefined
  if (!Array.isArray(args) || args[0] !== true) return []
  return [
    { key: 'Soft inpainting enabled', value: true },
    ...ARGUMENTS.map(([key, fallback], index) => ({ key, value: args[index + 1] ?? fallback })),
  ]
}
