import { countElements } from '../../tensor/tensor.ts'
import type { Op } from '../graph.ts'
import {
  asFloat,
  asPixels,
  asPlain,
  find,
  MAX_PARTS,
  ONNX_TYPE,
  settle,
  type Emission,
  type Emitted,
} from './emission.ts'

/** Ops that work on each number for itself: they keep whatever layout their inputs share. */
const ELEMENTWISE = new Set([
  'Cast',
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Gelu',
  'QuickGelu',
  'Sigmoid',
  'Tanh',
  'Relu',
  'LeakyRelu',
  'Cos',
  'Sin',
])
/**
 * Ops whose kernels were seen to read no host memory when they run (`bench/gpu/rehearse.ts`), besides those above. GatherND,
 * Range and products of stacks of unlike sizes do; others were not looked at.
 */
const DEVICE_ONLY = new Set([
  ...ELEMENTWISE,
  ...['Unsqueeze', 'Transpose', 'Reshape', 'Slice', 'Gather', 'Where', 'Greater'],
  ...['LayerNormalization', 'Gemm', 'Identity'],
])
/** Ops whose value is no float. */
const INTEGER_VALUED = new Set(['Shape', 'Greater', 'Less', 'Equal', 'And', 'Not', 'ArgMax'])

/**
 * Writes an op as it is, over inputs of one float type: half precision as soon as one of them has it. Weights that are
 * changed (adapters) are computed in f32, when the session is made, and rounded once.
 */
export function emitOther(emission: Emission, op: Op): void {
  const inputs = op.inputs.map((name) => (name === '' ? undefined : settle(emission, find(emission, name))))
  const present = inputs.filter((value) => value !== undefined)
  const layout = commonLayout(emission, op, present)
  const isFixed = present.every((value) => value.isFixed === true)
  const dtype = !isFixed && present.some((value) => value.dtype === 'f16') ? 'f16' : 'f32'
  const names = inputs.map((value) => {
    if (value === undefined) return ''
    if (layout === 'pixels' && !isSingle(emission, value)) return asPixels(emission, value).name
    return asFloat(emission, asPlain(emission, value), dtype).name
  })
  const { type, domain, attributes, outputs } = op
  const written = emission.to.writeAll(type, names, { attributes, domain, outputs: outputs.length })
  const usual = layout === 'pixels' ? emission.precision : dtype
  const isFloat = present.some((value) => value.dtype !== 'other')
  const width = ELEMENTWISE.has(type) ? commonWidth(present, layout) : undefined
  if (isFloat && !isFixed && !isDeviceOnly(op, present)) emission.hostReaders.add(type)
  outputs.forEach((output, index) =>
    emission.values.set(output, {
      name: written[index]!,
      dtype: typeOfOutput(op, index) ?? (isFloat ? usual : 'other'),
      layout,
      ...(width !== undefined && { width }),
      ...(isFixed && { isFixed, ...(ELEMENTWISE.has(type) && { shape: largestShape(present) }) }),
    }),
  )
}

/** The type of a value that does not have its inputs' type; undefined: it has. */
function typeOfOutput({ type, attributes }: Op, index: number): Emitted['dtype'] | undefined {
  if (type === 'Cast') return attributes['to'] === ONNX_TYPE.f32 ? 'f32' : 'other'
  const isPlace = type === 'TopK' && index === 1
  return isPlace || INTEGER_VALUED.has(type) ? 'other' : undefined
}

function commonLayout(emission: Emission, { type }: Op, inputs: readonly Emitted[]): Emitted['layout'] {
  if (!ELEMENTWISE.has(type)) return 'plain'
  const [first, ...others] = inputs.filter((value) => !isSingle(emission, value))
  if (first === undefined) return 'plain'
  if (others.every(({ layout }) => layout === first.layout)) return first.layout
  const layouts = [first, ...others].map(({ layout }) => layout)
  // An image as the description says joins those with their channels last; a vector joins tokens.
  if (layouts.every((layout) => layout === 'pixels' || layout === 'image')) return 'pixels'
  return layouts.includes('tokens') ? 'tokens' : 'plain'
}

/** Kernels of Concat and Split for parts of one width read none; a product with a matrix is one product. */
function isDeviceOnly({ type, attributes }: Op, inputs: readonly Emitted[]): boolean {
  if (type === 'MatMul') return inputs[1]?.isFixed === true
  const parts = attributes['num_outputs']
  if (type === 'Split' && typeof parts === 'number')
    return parts <= MAX_PARTS && (inputs[0]?.width ?? NaN) % parts === 0
  if (type !== 'Concat') return DEVICE_ONLY.has(type)
  const [first] = inputs
  return first?.width !== undefined && inputs.every((value) => value.width === first.width)
}

/** Numbers that stand alone in an axis are repeated: what is known to be wider decides. */
function commonWidth(values: readonly Emitted[], layout: Emitted['layout']): number | undefined {
  const isImage = layout === 'pixels' || layout === 'image'
  const known = values.flatMap((value) => (isImage && value.layout !== layout ? [] : (value.width ?? [])))
  const widest = Math.max(...known)
  return widest > 1 ? widest : undefined
}

/** What values of several shapes make together, where one of them has the full shape. */
function largestShape(values: readonly Emitted[]): readonly number[] {
  const shapes = values.map(({ shape }) => shape ?? [])
  return shapes.reduce((largest, shape) => (countElements(shape) > countElements(largest) ? shape : largest))
}

function isSingle({ constants }: Emission, { name }: Emitted): boolean {
  return constants.get(name)?.values.length === 1
}
