import { createTensor, type Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import type {
  TextEncoder,
  TextEncoderKey,
  TextEncoderRequest,
} from '../../apps/gpu-worker/src/engine/text-encode/text-encoder.ts'

/**
 * A CLIP text encoder in plain loops and float64, to check the stages around an encoder without one. Follows the paper's
 * structure (pre-norm causal transformer); slow, for the tiny networks of the fixtures only.
 */
export interface ReferenceWeights {
  /** Row of a token's vector. */
  token(id: number): ArrayLike<number>
  /** A tensor by its name in the Hugging Face layout, without the `text_model.` prefix. */
  get(name: string): ArrayLike<number>
  /** [width, width] as transformers keeps it (`pooled · Wᵀ`); absent: the pooled vector is not projected. */
  readonly projection?: ArrayLike<number>
}

/** Shape of a reference encoder. */
export interface ReferenceShape {
  readonly key: TextEncoderKey
  readonly width: number
  readonly heads: number
  readonly layerCount: number
  readonly defaultLayer: number
  readonly finalNorm: boolean
  readonly activation: 'quick_gelu' | 'gelu'
}

type Rows = Float64Array[]

function applyLinear(input: Rows, weight: ArrayLike<number>, bias?: ArrayLike<number>): Rows {
  return input.map((row) => {
    const width = weight.length / row.length
    const output = new Float64Array(width)
    for (let column = 0; column < width; column++) {
      let sum = bias?.[column] ?? 0
      for (let index = 0; index < row.length; index++)
        sum += row[index]! * weight[column * row.length + index]!
      output[column] = sum
    }
    return output
  })
}

function applyNorm(input: Rows, weight: ArrayLike<number>, bias: ArrayLike<number>): Rows {
  return input.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length
    return row.map(
      (value, index) => ((value - mean) / Math.sqrt(variance + 1e-5)) * weight[index]! + bias[index]!,
    )
  })
}

/** Error function by its series; good to 1e-15 for the small values met here. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x)
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-18 && n < 400; n++) {
    term *= -(x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

const activations = {
  quick_gelu: (x: number) => x / (1 + Math.exp(-1.702 * x)),
  gelu: (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
}

function attendCausally(query: Rows, key: Rows, value: Rows, heads: number): Rows {
  const width = query[0]?.length ?? 0
  const size = width / heads
  return query.map((row, position) => {
    const output = new Float64Array(width)
    for (let head = 0; head < heads; head++) {
      const scores = key.slice(0, position + 1).map((other) => {
        let sum = 0
        for (let index = head * size; index < (head + 1) * size; index++) sum += row[index]! * other[index]!
        return sum / Math.sqrt(size)
      })
      const highest = Math.max(...scores)
      const shares = scores.map((score) => Math.exp(score - highest))
      const total = shares.reduce((sum, share) => sum + share, 0)
      shares.forEach((share, other) => {
        for (let index = head * size; index < (head + 1) * size; index++) {
          output[index]! += (share / total) * value[other]![index]!
        }
      })
    }
    return output
  })
}

const add = (left: Rows, right: Rows): Rows =>
  left.map((row, index) => row.map((value, at) => value + right[index]![at]!))

function runLayer(input: Rows, prefix: string, weights: ReferenceWeights, shape: ReferenceShape): Rows {
  const get = (name: string) => weights.get(`${prefix}${name}`)
  const linear = (rows: Rows, name: string) => applyLinear(rows, get(`${name}.weight`), get(`${name}.bias`))
  const norm = (rows: Rows, name: string) => applyNorm(rows, get(`${name}.weight`), get(`${name}.bias`))
  const normed = norm(input, 'layer_norm1')
  const [query, key, value] = ['q', 'k', 'v'].map((part) => linear(normed, `self_attn.${part}_proj`)) as [
    Rows,
    Rows,
    Rows,
  ]
  const attended = add(input, linear(attendCausally(query, key, value, shape.heads), 'self_attn.out_proj'))
  const inner = linear(norm(attended, 'layer_norm2'), 'mlp.fc1').map((row) =>
    row.map(activations[shape.activation]),
  )
  return add(attended, linear(inner, 'mlp.fc2'))
}

function encodeChunk(
  request: TextEncoderRequest,
  chunk: number,
  weights: ReferenceWeights,
  shape: ReferenceShape,
) {
  const tokens = request.tokens[chunk] ?? []
  const positions = weights.get('embeddings.position_embedding.weight')
  let rows: Rows = tokens.map((id, position) => {
    const replaced = request.vectors.find((vector) => vector.chunk === chunk && vector.position === position)
    const own = replaced?.vector ?? weights.token(id)
    return Float64Array.from(
      { length: shape.width },
      (_, index) => own[index]! + positions[position * shape.width + index]!,
    )
  })
  const outputs: Rows[] = []
  for (let layer = 0; layer < shape.layerCount; layer++) {
    rows = runLayer(rows, `encoder.layers.${layer}.`, weights, shape)
    outputs.push(rows)
  }
  const finalNorm = (input: Rows) =>
    applyNorm(input, weights.get('final_layer_norm.weight'), weights.get('final_layer_norm.bias'))
  const chosen = outputs.at(-request.layer) ?? rows
  const pooled = finalNorm(rows)[tokens.indexOf(49407)] ?? new Float64Array(shape.width)
  const projected =
    weights.projection === undefined ? pooled : (applyLinear([pooled], weights.projection)[0] ?? pooled)
  return { hidden: request.finalNorm ? finalNorm(chosen) : chosen, pooled: projected }
}

function toTensor(shape: readonly number[], rows: Rows): Tensor {
  return createTensor(shape, Float32Array.from(rows.flatMap((row) => Array.from(row))))
}

/** Builds the reference encoder. */
export function createReferenceEncoder(weights: ReferenceWeights, shape: ReferenceShape): TextEncoder {
  const { key, width, layerCount, defaultLayer, finalNorm } = shape
  return {
    key,
    width,
    layerCount,
    defaultLayer,
    finalNorm,
    encode: (request) => {
      const chunks = request.tokens.map((_, chunk) => encodeChunk(request, chunk, weights, shape))
      const hidden = toTensor(
        [chunks.length, 77, width],
        chunks.flatMap((result) => result.hidden),
      )
      return Promise.resolve({
        hidden,
        pooled: toTensor(
          [chunks.length, width],
          chunks.map((result) => result.pooled),
        ),
      })
    },
  }
}
