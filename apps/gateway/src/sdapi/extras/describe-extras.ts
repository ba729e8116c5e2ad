import { toPythonFloat, type ExactValue } from '@atelier/catalog/exact-json'
import { quoteValue } from '../infotext/quote.ts'
import type { CheckedFields } from '../request/validate.ts'

/** Whether a field holds a number above 0. */
const isPositive = (value: ExactValue | undefined): boolean => Number(value ?? 0) > 0

/** The upscalers a request names: "None" is none, and without a first one a second one does not count. */
export function listUpscalerNames(fields: CheckedFields): string[] {
  const [first, second] = ['upscaler_1', 'upscaler_2'].map((name) => String(fields.get(name)))
  if (first === undefined || first === 'None') return []
  return second === undefined || second === 'None' ? [first] : [first, second]
}

/** What was done, as the file's "postprocessing" text and `html_info` tell it. */
export function describeExtras(fields: CheckedFields): string {
  const facts = [...listUpscaleFacts(fields), ...listFaceFacts(fields)]
  return facts.map(([key, value]) => `${key}: ${quoteValue(toText(value))}`).join(', ')
}

type Fact = readonly [key: string, value: ExactValue]

function listUpscaleFacts(fields: CheckedFields): Fact[] {
  const [first, second] = listUpscalerNames(fields)
  if (first === undefined) return []
  const size = `${fields.get('upscaling_resize_w')}x${fields.get('upscaling_resize_h')}`
  const isSized = Number(fields.get('resize_mode')) === 1
  const target: Fact[] = isSized
    ? [
        ['Postprocess upscale to', size],
        ...(fields.get('upscaling_crop') === true ? [['Postprocess crop to', size] as const] : []),
      ]
    : [['Postprocess upscale by', fields.get('upscaling_resize') ?? null]]
  const hasSecond = second !== undefined && isPositive(fields.get('extras_upscaler_2_visibility'))
  return [
    ...target,
    ['Postprocess upscaler', first],
    ...(hasSecond ? [['Postprocess upscaler 2', second] as const] : []),
  ]
}

/** Face restorers whose models are missing leave the picture as it is and are told all the same, as in A1111. */
function listFaceFacts(fields: CheckedFields): Fact[] {
  const value = (name: string): ExactValue => fields.get(name) ?? null
  return [
    ...(isPositive(value('gfpgan_visibility'))
      ? [['GFPGAN visibility', value('gfpgan_visibility')] as const]
      : []),
    ...(isPositive(value('codeformer_visibility'))
      ? [
          ['CodeFormer visibility', value('codeformer_visibility')] as const,
          ['CodeFormer weight', value('codeformer_weight')] as const,
        ]
      : []),
  ]
}

function toText(value: ExactValue): string {
  return typeof value === 'number' ? toPythonFloat(value) : String(value)
}
