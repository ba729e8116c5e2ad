import type { ExactValue } from '@atelier/catalog/exact-json'
import type { ModelIndex } from '../../../models/model-index.ts'
import type { GenerationRequest } from '../../request/generation-request.ts'

/** A value of an axis: numbers as Python would have them, several texts for an order. */
export type AxisValue = string | bigint | number | readonly string[]

/** What an axis of the X/Y/Z plot changes. */
export interface Axis {
  readonly label: string
  /** What its texts are read as. */
  readonly type: 'text' | 'integer' | 'float' | 'order'
  /** The only route that has it; absent: both. */
  readonly route?: 'txt2img' | 'img2img'
  /** How slow it is to change: the slowest axis changes least often. */
  readonly cost?: number
  /** What stands beside the plot: the label and the value, the value alone, or its file name. */
  readonly shows?: 'value' | 'file'
  /** Values are taken from the list of choices unless texts are asked for. */
  readonly hasChoices?: boolean
  /** @throws ApiError for a value that cannot be */
  readonly confirm?: (values: readonly AxisValue[], models: ModelIndex) => void
  /**
   * The request at a value; all values are known to it.
   * @throws ApiError
   */
  readonly apply: (
    request: GenerationRequest,
    value: AxisValue,
    axis: { readonly values: readonly AxisValue[]; readonly models: ModelIndex },
  ) => GenerationRequest
}

/** Sets a field of the request. */
export const setField =
  (name: string): Axis['apply'] =>
  (request, value) =>
    request.with({ [name]: value as ExactValue })

/** Sets an option for the request. */
export const setOption =
  (name: string, { isSwitch = false } = {}): Axis['apply'] =>
  (request, value) =>
    override(request, name, isSwitch ? String(value).toLowerCase() === 'true' : (value as ExactValue))

/** A request with one more override. */
export function override(request: GenerationRequest, name: string, value: ExactValue): GenerationRequest {
  return request.with({ override_settings: new Map(request.record('override_settings')).set(name, value) })
}
