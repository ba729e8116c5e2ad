import type { Tensor } from '../tensor/tensor.ts'

/** Which text encoder of a checkpoint: SD1's and SDXL's CLIP-L, SDXL's bigG, SD2's OpenCLIP-H. */
export type TextEncoderKey = 'clip_l' | 'clip_g' | 'clip_h'

/** A vector that takes the place of a token's own. */
export interface VectorReplacement {
  /** Row of `tokens`. */
  readonly chunk: number
  /** Place in the chunk, 0 to 76. */
  readonly position: number
  /** As long as the encoder is wide. */
  readonly vector: Float32Array
}

/** One call of a text encoder. */
export interface TextEncoderRequest {
  /** [chunks][77] token ids. */
  readonly tokens: readonly (readonly number[])[]
  readonly vectors: readonly VectorReplacement[]
  /** Hidden layer to give back, counted from the end; 1 is the last layer's output. */
  readonly layer: number
  /** Whether the final layer norm is applied to that layer. */
  readonly finalNorm: boolean
}

/** What a text encoder gives. */
export interface TextEncoderResult {
  /** [chunks, 77, width]. */
  readonly hidden: Tensor
  /** [chunks, width]: last layer, final norm, at each chunk's first end token, projected where the model projects. */
  readonly pooled?: Tensor | undefined
}

/** A text encoder as prompts are encoded with it; the ONNX networks give these. */
export interface TextEncoder {
  readonly key: TextEncoderKey
  /** Length of a hidden vector. */
  readonly width: number
  /** Layers the file has. */
  readonly layerCount: number
  /** Layer the model was trained with, counted from the end: 1 for SD1, 2 for SD2 (of 24 layers), SDXL and its refiner. */
  readonly defaultLayer: number
  /** Whether the final layer norm belongs to hidden layers: true for SD1 and SD2, false for SDXL and its refiner. */
  readonly finalNorm: boolean
  encode(request: TextEncoderRequest): Promise<TextEncoderResult>
}

/** Looks an embedding's vectors up for one encoder: [rows, width], where width may differ from the encoder's. */
export type FindVectors = (name: string, key: TextEncoderKey) => Tensor | undefined
