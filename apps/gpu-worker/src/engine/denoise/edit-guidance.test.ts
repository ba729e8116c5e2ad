import { describe, expect, it } from 'vitest'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { createEditDenoiser } from './edit-guidance.ts'
import type { NetworkInputs, WeightedContext } from './guidance.ts'

const tensorOf = (shape: number[], value: number): Tensor => {
  const tensor = createTensor(shape)
  tensor.data.fill(value)
  return tensor
}
/** A network that predicts the clean latent: its context's number, and ten times its picture's. */
const network = async ({ latent, context }: NetworkInputs): Promise<Tensor> => {
  const [rows, channels, height, width] = latent.shape as [number, number, number, number]
  const output = createTensor([rows, 4, height, width])
  const size = height * width
  for (let row = 0; row < rows; row += 1) {
    const picture = channels === 8 ? latent.data[(row * channels + 4) * size]! : 0
    output.data.fill(context.data[row]! + 10 * picture, row * 4 * size, (row + 1) * 4 * size)
  }
  return output
}
const context = (tokens: number, picture: number): WeightedContext => ({
  weight: 1,
  tokens: tensorOf([1, 1, 1], tokens),
  concat: tensorOf([1, 4, 2, 2], picture),
})
const edit = (
  positive: readonly WeightedContext[][],
  negative: readonly WeightedContext[][],
  { text = 3, image = 2 } = {},
) =>
  createEditDenoiser({
    network,
    conditioningAt: () => ({ positive, negative }),
    guidanceScale: text,
    imageGuidanceScale: image,
    prediction: 'x0',
    plan: { timestepOf: () => 0, needsUnconditional: false },
  })

describe('guidance by text and by picture', () => {
  it('goes from nothing to the picture, and from that to the text', async () => {
    const { latent, unconditional } = await edit([[context(5, 1)]], [[context(1, 1)]])(
      createTensor([1, 4, 2, 2]),
      1,
    )
    // Text and picture 5 + 10, picture alone 1 + 10, neither 1: 1 + 3·(15 - 11) + 2·(11 - 1).
    expect(latent.data[0]).toBeCloseTo(33, 5)
    expect(unconditional.data[0]).toBeCloseTo(1, 5)
  })

  it('gives each image of a batch its own', async () => {
    const pairs = [
      [context(5, 1), context(1, 1)],
      [context(2, 3), context(0, 3)],
    ] as const
    const { latent } = await edit(
      pairs.map(([positive]) => [positive]),
      pairs.map(([, negative]) => [negative]),
    )(createTensor([2, 4, 2, 2]), 1)
    expect([latent.data[0], latent.data[16]]).toEqual([33, 0 + 3 * 2 + 2 * 30])
  })

  it('is guidance by text alone at a picture’s scale equal to the text’s', async () => {
    const { latent } = await edit([[context(5, 1)]], [[context(1, 1)]], { text: 3, image: 3 })(
      createTensor([1, 4, 2, 2]),
      1,
    )
    expect(latent.data[0]).toBeCloseTo(1 + 3 * (15 - 1), 5)
  })

  it('refuses prompts in several parts, as the original does', async () => {
    const parts = [[context(1, 1), context(2, 1)]]
    await expect(edit(parts, [[context(0, 1)]])(createTensor([1, 4, 2, 2]), 1)).rejects.toThrow(
      'AND is not supported for InstructPix2Pix checkpoint',
    )
  })
})
