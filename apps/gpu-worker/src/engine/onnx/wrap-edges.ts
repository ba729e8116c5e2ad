import type { Constant, Graph, Op } from './graph-builder.ts'

/** Axes of height and width. */
const AXES = [2, 3] as const
/** Beyond any size: a slice that ends there ends with its axis. */
const END = 2 ** 31 - 1

/**
 * A graph whose convolutions see the opposite edge of the picture where they would see zeros, so that what it makes tiles.
 * Convolutions that pad one side more than the other (the autoencoder's downsampling) keep their zeros, as in A1111.
 */
export function wrapEdges(graph: Graph): Graph {
  const borders = new Set<number>()
  const ops = graph.ops.flatMap((op): Op[] => {
    const border = op.type === 'Conv' ? toBorder(op.attributes['pads']) : 0
    if (border === 0) return [op]
    borders.add(border)
    const [image = '', ...weights] = op.inputs
    const [padding, padded] = padAround(image, `${op.outputs[0]}_wrapped`, border)
    const attributes = { ...op.attributes, pads: [0, 0, 0, 0] }
    return [...padding, { ...op, inputs: [padded, ...weights], attributes }]
  })
  return { ...graph, ops, constants: [...graph.constants, ...[...borders].flatMap(listConstants)] }
}

/** The zeros a convolution puts at every side; 0 where there are none or the sides differ. */
function toBorder(pads: Op['attributes'][string] | undefined): number {
  if (!Array.isArray(pads)) return 0
  const [first = 0] = pads as readonly number[]
  return (pads as readonly number[]).every((pad) => pad === first) ? first : 0
}

function padAround(image: string, name: string, border: number): [Op[], string] {
  const ops: Op[] = []
  let present = image
  for (const axis of AXES) {
    const [before, after, joined] = ['before', 'after', 'joined'].map(
      (part) => `${name}_${axis}_${part}`,
    ) as [string, string, string]
    const slice = (from: string, to: string, output: string): Op => ({
      ...{ type: 'Slice', domain: '', attributes: {} },
      inputs: [present, from, to, `wrap_axis_${axis}`],
      outputs: [output],
    })
    ops.push(
      slice(`wrap_last_${border}`, 'wrap_end', before),
      slice('wrap_start', `wrap_first_${border}`, after),
      {
        ...{ type: 'Concat', domain: '', attributes: { axis } },
        inputs: [before, present, after],
        outputs: [joined],
      },
    )
    present = joined
  }
  return [ops, present]
}

function listConstants(border: number, index: number): Constant[] {
  const integer = (name: string, value: number): Constant => ({
    ...{ name, dtype: 'I64', shape: [1] },
    values: [value],
  })
  const shared = [
    integer('wrap_start', 0),
    integer('wrap_end', END),
    ...AXES.map((axis) => integer(`wrap_axis_${axis}`, axis)),
  ]
  return [
    ...(index === 0 ? shared : []),
    integer(`wrap_last_${border}`, -border),
    integer(`wrap_first_${border}`, border),
  ]
}
