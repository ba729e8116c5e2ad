import type { AdapterFormat } from '../adapter-format.ts'
import { multiply } from '../constant-ops.ts'

/**
 * (IA)3 (Liu et al. 2022, arXiv 2205.05638): each row of a weight, or with `on_input` each column, times 1 + its factor;
 * files hold the factors as offsets from 1.
 */
export const ia3: AdapterFormat = {
  name: '(IA)3',
  accepts: (module) => module.has('weight', 'on_input'),
  findMisfit({ module, shape }) {
    const isOnInput = module.number('on_input') !== 0
    const [count, size] = [module.countOf('weight'), shape[isOnInput ? 1 : 0] ?? 0]
    const side = isOnInput ? 'columns' : 'rows'
    return count === size ? undefined : `${count} factors are for as many ${side}, the weight has ${size}`
  },
  delta(graph, weight, { module, shape }) {
    const axis = module.number('on_input') !== 0 ? 1 : 0
    const sides = shape.map((size, index) => (index === axis ? size : 1))
    return { value: multiply(graph, weight, module.value(graph, 'weight', sides)), scale: 1 }
  },
}
