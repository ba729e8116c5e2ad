import type { Graph, Op, Value } from '../graph.ts'
import { LAYERS } from '../layer-ops.ts'
import {
  asFloat,
  asPlain,
  find,
  ONNX_TYPE,
  startEmission,
  type Emission,
  type Precision,
} from './emission.ts'
import { emitGroupNorm } from './group-norms.ts'
import * as images from './image-layers.ts'
import { emitOther } from './other-ops.ts'
import { emitAdd } from './sums.ts'
import * as tokens from './token-layers.ts'

/** Writes one op of the description and enters its value. */
export type EmitOp = (emission: Emission, op: Op) => void

/** Ops with a form of their own; everything else is written as it is, in the precision of its inputs. */
const FORMS: Readonly<Record<string, EmitOp>> = {
  Conv: images.emitConv,
  GroupNorm: emitGroupNorm,
  AddToChannels: images.emitAddToChannels,
  ScaleRows: images.emitScaleRows,
  JoinChannels: images.emitJoinChannels,
  RepeatPixels: images.emitRepeatPixels,
  RepeatTo: images.emitRepeatTo,
  ToTokens: images.emitToTokens,
  FromTokens: images.emitFromTokens,
  Linear: tokens.emitLinear,
  GatedLinear: tokens.emitGatedLinear,
  LayerNormalization: tokens.emitLayerNorm,
  MultiHeadAttention: tokens.emitAttention,
  Add: emitAdd,
  Silu: tokens.emitSilu,
}

/**
 * Writes a description for CUDA: channels last from the first convolution to the last, in half precision unless told
 * otherwise, with ONNX Runtime's fused diffusion ops (contrib domain; kernels read in `contrib_ops/cuda`). Weights of that
 * precision are used where they lie; norms and softmax accumulate in f32 inside their kernels; inputs and outputs stay
 * f32 and int64, laid out as the description says.
 */
export function emitCuda(graph: Graph, precision: Precision = 'f16'): Graph {
  const emission = startEmission(graph, precision)
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const isOutput = (op: Op): boolean => op.type === 'Identity' && outputs.has(op.outputs[0]!)
  const [casts, ops] = split(graph.ops, (op) => isWeightCast(emission, op))
  for (const op of casts) emission.values.set(op.outputs[0]!, find(emission, op.inputs[0]!))
  for (const op of ops) {
    if (emission.done.has(op)) continue
    if (isOutput(op)) emitOutput(emission, op.inputs[0]!, op.outputs[0]!)
    else if (isFixedOp(emission, op)) emitOther(emission, op)
    else (FORMS[op.type] ?? emitOther)(emission, op)
  }
  // What is an output as it was made still has the emitter's own name.
  for (const output of outputs) if (emission.values.has(output)) emitOutput(emission, output, output)
  const { to, hostReaders } = emission
  return {
    ...graph,
    hostReaders: [...hostReaders],
    ops: to.ops,
    constants: [...graph.constants, ...to.constants],
  }
}

/** A weight's cast to f32 is left out: whoever uses the weight casts it to what it needs, or not at all. */
function isWeightCast({ weights }: Emission, op: Op): boolean {
  return op.type === 'Cast' && op.attributes['to'] === ONNX_TYPE.f32 && weights.has(op.inputs[0]!)
}

/** An op over weights alone, such as an adapter's: no layer of the network. */
function isFixedOp({ values }: Emission, { domain, inputs }: Op): boolean {
  return domain !== LAYERS && inputs.every((name) => name === '' || values.get(name)?.isFixed === true)
}

function split(ops: readonly Op[], isFirst: (op: Op) => boolean): [Op[], Op[]] {
  return [ops.filter(isFirst), ops.filter((op) => !isFirst(op))]
}

/** Gives a value, as f32 or integers and laid out as the description says, the name of an output. */
function emitOutput(emission: Emission, made: string, output: string): void {
  const value = asPlain(emission, find(emission, made))
  const isFloat = value.dtype === 'f16' || value.dtype === 'f32'
  const { name } = isFloat ? asFloat(emission, value, 'f32') : value
  emission.to.ops.push({
    ...{ type: 'Identity', domain: '', attributes: {} },
    inputs: [name],
    outputs: [output as Value],
  })
}
