import type { AdapterFormat } from '../adapter-format.ts'

/** A file of plain differences: added as they are, without a scale of their own. */
const difference = (name: string, part: string): AdapterFormat => ({
  name,
  accepts: (module) => module.has(part),
  findMisfit({ module, shape }) {
    const own = module.shapeOf(part)
    const isSame = own.length === shape.length && own.every((size, axis) => size === shape[axis])
    return isSame ? undefined : `difference is [${own.join(', ')}], the weight [${shape.join(', ')}]`
  },
  delta: (graph, _weight, { module }) => ({ value: module.value(graph, part), scale: 1 }),
})

/** A whole difference of a weight. */
export const full = difference('full', 'diff')
/** A whole difference of a layer's bias. */
export const fullBias = difference('full (bias)', 'diff_b')
/** A difference of a normalisation's weight. */
export const normalisation = difference('norm', 'w_norm')
/** A difference of a normalisation's bias. */
export const normalisationBias = difference('norm (bias)', 'b_norm')
/** A weight in place of the model's, whatever the strength (ComfyUI). */
export const replacement: AdapterFormat = { ...difference('set', 'set_weight'), replaces: true }
