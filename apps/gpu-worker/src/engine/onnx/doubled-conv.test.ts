import { describe, expect, it } from 'vitest'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference, TEST_SESSION } from '../test-kit.ts'
import { emitCpu } from './emit-cpu.ts'
import { GraphBuilder } from './graph-builder.ts'
import { LAYERS } from './layer-ops.ts'
import { createSession } from './session.ts'

const NO_FILE = { path: '/none', sizeBytes: 0, tensors: new Map(), metadata: {} }
const SAME_SIZE = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] }

const draw = (shape: readonly number[], step: number): Tensor => {
  const tensor = createTensor(shape)
  return createTensor(
    shape,
    tensor.data.map((_, i) => Math.sin(i * step)),
  )
}

interface Case {
  readonly inChannels: number
  readonly outChannels: number
  readonly hasBias?: boolean
  readonly attributes?: typeof SAME_SIZE
}

/** A description: an image doubled, then a convolution of it. */
function describeConv({ inChannels, outChannels, hasBias = true, attributes = SAME_SIZE }: Case) {
  const graph = new GraphBuilder(NO_FILE)
  const image = graph.input('image', 'F32', ['batch', inChannels, 'height', 'width'])
  const weight = graph.array(draw([outChannels, inChannels, 3, 3], 2.1).data, [outChannels, inChannels, 3, 3])
  const bias = hasBias ? [graph.array(draw([outChannels], 0.3).data, [outChannels])] : []
  const doubled = graph.op('RepeatPixels', [image], { factor: 2 }, LAYERS)
  graph.output('result', graph.op('Conv', [doubled, weight, ...bias], attributes), 'F32', [
    ...['batch', outChannels, 'rows', 'columns'],
  ])
  return { graph, doubled, weight, bias }
}

/** The same by hand: each output is a sum over the doubled image, in double precision. */
function convolveDoubled(image: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const [batch = 0, channels = 0, height = 0, width = 0] = image.shape
  const [outChannels = 0] = weight.shape
  const result = createTensor([batch, outChannels, 2 * height, 2 * width])
  const pixel = (n: number, c: number, y: number, x: number): number => {
    if (y < 0 || x < 0 || y >= 2 * height || x >= 2 * width) return 0
    return image.data[((n * channels + c) * height + (y >> 1)) * width + (x >> 1)]!
  }
  let at = 0
  for (let n = 0; n < batch; n += 1)
    for (let o = 0; o < outChannels; o += 1)
      for (let y = 0; y < 2 * height; y += 1)
        for (let x = 0; x < 2 * width; x += 1) {
          let sum = bias?.data[o] ?? 0
          for (let k = 0; k < 9 * channels; k += 1) {
            const [c, row, column] = [Math.floor(k / 9), Math.floor(k / 3) % 3, k % 3]
            sum += weight.data[o * 9 * channels + k]! * pixel(n, c, y + row - 1, x + column - 1)
          }
          result.data[at] = sum
          at += 1
        }
  return result
}

describe('a convolution of a doubled image', () => {
  it.each([
    { inChannels: 3, outChannels: 5, sides: [4, 7] },
    { inChannels: 16, outChannels: 32, sides: [1, 3] },
    { inChannels: 48, outChannels: 16, sides: [6, 5], hasBias: false },
  ])('equals the sums over it ($inChannels to $outChannels channels)', async ({ sides, ...size }) => {
    const session = await createSession(describeConv(size).graph.build(), TEST_SESSION)
    const image = draw([2, size.inChannels, ...sides], 0.9)
    const { result } = await session.run({ image })
    await session.release()
    const weight = draw([size.outChannels, size.inChannels, 3, 3], 2.1)
    const bias = (size.hasBias ?? true) ? draw([size.outChannels], 0.3) : undefined
    expect(maxDifference(result!, convolveDoubled(image, weight, bias))).toBeLessThan(5e-5)
  })

  it('is made without the doubled image', () => {
    const types = emitCpu(describeConv({ inChannels: 4, outChannels: 4 }).graph.build()).ops.map(
      ({ type }) => type,
    )
    expect(types).not.toContain('Resize')
    expect(types.filter((type) => type === 'Conv')).toHaveLength(4)
  })

  it('sees the doubled image where something else does too, or where the size changes', () => {
    const shared = describeConv({ inChannels: 4, outChannels: 4 })
    shared.graph.output('doubled', shared.doubled, 'F32', ['batch', 4, 'rows', 'columns'])
    const strided = describeConv({
      ...{ inChannels: 4, outChannels: 4 },
      attributes: { ...SAME_SIZE, strides: [2, 2] },
    })
    for (const { graph } of [shared, strided]) {
      const types = emitCpu(graph.build()).ops.map(({ type }) => type)
      expect(types.filter((type) => type === 'Resize' || type === 'Conv')).toEqual(['Resize', 'Conv'])
    }
  })
})
