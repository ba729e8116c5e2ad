import type { NodeExecution } from '../node-graph/node-context.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** One minus every value. */
export const imageInvert: NodeExecution = async (inputs) => {
  const { shape, data } = inputs.value<Tensor>('image')
  return {
    outputs: [
      createTensor(
        shape,
        data.map((value) => 1 - value),
      ),
    ],
  }
}
