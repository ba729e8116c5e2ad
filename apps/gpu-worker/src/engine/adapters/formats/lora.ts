import { compareElements, compareRanks, toScale, type AdapterFormat } from '../adapter-format.ts'
import type { AdapterModule } from '../adapter-module.ts'
import { expandCore, reshape, takeFirst } from '../constant-ops.ts'

const [UP, DOWN, CORE] = ['lora_up.weight', 'lora_down.weight', 'lora_mid.weight'] as const

/** Shape that the weight is to be filled up to with zeros before it is changed (Control-LoRAs of other inputs). */
const ASKED_SHAPE = 'reshape_weight'

/** Says that a weight is to have another shape, which would make it another network's. */
function compareAsked(module: AdapterModule, shape: readonly number[]): string | undefined {
  if (!module.has(ASKED_SHAPE)) return undefined
  const asked = [...module.read(ASKED_SHAPE).data]
  const isSame = asked.length === shape.length && asked.every((size, axis) => size === shape[axis])
  return isSame
    ? undefined
    : `weight is to be made [${asked.join(', ')}], the model's is [${shape.join(', ')}]`
}

/**
 * LoRA (Hu et al. 2021, arXiv 2106.09685): up [o, r] times down [r, i]. Convolutions (LoCon) are flattened the same way,
 * or stand around a core [r, r, kh, kw].
 */
export const lora: AdapterFormat = {
  name: 'LoRA',
  accepts: (module) => module.has(UP, DOWN),
  findMisfit({ module, shape }) {
    const [outputs, leftRank] = module.flatShapeOf(UP)
    const [rank, inputs] = module.flatShapeOf(DOWN)
    const [coreLeft = leftRank, coreRight = rank, ...kernel] = module.shapeOf(CORE)
    return (
      compareAsked(module, shape) ??
      compareRanks(leftRank, module.has(CORE) ? coreLeft : rank) ??
      compareRanks(coreRight, rank) ??
      compareElements('product', [outputs, inputs, ...kernel], shape)
    )
  },
  delta(graph, _weight, { module, shape, rankLimit, flavour }) {
    const rank = module.shapeOf(DOWN)[0] ?? 0
    const scale = toScale(module, rank)
    const [up, down] = [module.matrix(graph, UP), module.matrix(graph, DOWN)]
    if (module.has(CORE)) {
      const core = { value: module.value(graph, CORE), shape: module.shapeOf(CORE) }
      return { value: reshape(graph, expandCore(graph, core, { left: up, right: down }), shape), scale }
    }
    const limit = flavour === 'webui' && rankLimit !== undefined ? Math.min(rankLimit, rank) : rank
    if (limit === rank) return { left: up, right: down, scale }
    return { left: takeFirst(graph, up, 1, limit), right: takeFirst(graph, down, 0, limit), scale }
  },
}
