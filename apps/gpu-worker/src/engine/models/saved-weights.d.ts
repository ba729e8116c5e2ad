import type { ModelFamily } from '@atelier/catalog'
import { type Derivation } from '../adapters/derive-weights.ts'
import type { AdapterPart } from '../adapters/adapter-targets.ts'
import { type WeightFile } from '../checkpoint/weight-file.ts'
import type { PlannedTensor } from '../checkpoint/write-weight-file.ts'
import type { ChangedWeights } from '../onnx/graph-builder.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { OpenedText } from './load-text-encoders.ts'
/** A tensor to be saved; its bytes are made when they are needed. */
export type SavedTensor = Omit<PlannedTensor, 'read'> & {
  readonly read: () => Promise<Uint8Array>
}
/** Computes a weight with its changes, as f32. */
export type ComputeWeight = (file: ChangedWeights, name: string) => Promise<Tensor>
/** Weights of a part of a model, and what changes them. */
interface Part {
  readonly file: WeightFile
  readonly key: AdapterPart
  readonly derivation: Derivation | undefined
  readonly compute: ComputeWeight
}
/** A denoiser's tensors under the names they have in checkpoints, changes made, in the types of their file. */
export declare function listDenoiser(part: Omit<Part, 'key'>, prefix: string): SavedTensor[]
/** An autoencoder's tensors below a prefix of the file, under another. */
export declare function listVae(file: WeightFile, from: string, to: string): SavedTensor[]
/**
 * A text encoder's tensors in the layout of its own file, below the prefix that checkpoints of a family have for it;
 * joined projections are computed in their parts and joined again.
 */
export declare function listTextInPlace(
  { file, config }: OpenedText,
  changes: Pick<Part, 'derivation' | 'compute'>,
  {
    family,
    index,
  }: {
    readonly family: ModelFamily
    readonly index: number
  },
): SavedTensor[]
/** A text encoder's tensors under the transformers library's names, as ComfyUI saves encoders by themselves. */
export declare function listTextAlone(
  { file, config }: OpenedText,
  changes: Pick<Part, 'derivation' | 'compute'>,
): SavedTensor[]
export {}
