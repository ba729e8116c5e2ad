import type { PngText } from '@atelier/catalog/png'
import type { ModelRef } from '@atelier/proto'
import type { EngineFile } from '../../engine-protocol.ts'
import type { LabelNumbers } from '../denoise/label.ts'
import type { LikePictures } from '../denoise/picture-label.ts'
import type { HookKeyframe } from '../denoise/composition/hook-keyframes.ts'
import type { EntryScope } from '../denoise/composition/resolve-lists.ts'
import type { Conditioning } from '../text-encode/conditioning.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { JobContext } from '../job-context.ts'
import type { F8Type } from '../adapters/round-weight.ts'
import type { AdapterRef } from '../models/adapter-refs.ts'
import type { ModelPatches } from '../models/patched-model.ts'
import type { ModelStore } from '../models/model-store.ts'
import type { TextModels } from '../text-models.ts'
import type { NodeInputs } from './node-inputs.ts'
import type { TempName } from './temp-names.ts'

/** A MODEL: the checkpoint whose denoiser is meant. Values hold references, so that cached ones keep nothing loaded. */
export interface ModelValue {
  readonly checkpoint: ModelRef
  /** Its weights are rounded to this first. */
  readonly rounding?: F8Type
  /** LoRAs on it, in the order they are applied. */
  readonly adapters?: readonly AdapterRef[]
  /** Changes of how it is sampled. */
  readonly patches?: ModelPatches
  /** The prompt from which a guidance by directions is seen, in place of the usual one. */
  readonly perpendicular?: { readonly empty: ConditioningValue; readonly negativeScale: number }
}

/** A CLIP: the text encoders of a checkpoint or of files of their own, and where to stop in them. */
export interface ClipValue {
  readonly checkpoint: ModelRef
  /** LoRAs on them, in the order they are applied. */
  readonly adapters?: readonly AdapterRef[]
  /** The file of a second encoder. */
  readonly companion?: ModelRef
  readonly stopAtLayer?: number
  readonly hooks?: ClipHooks
}

/** A LoRA, or what another checkpoint has that the model does not, that acts for single conditionings. */
export interface WeightHook {
  /** A LoRA's file, or a checkpoint. */
  readonly file: ModelRef
  readonly modelStrength: number
  readonly clipStrength: number
  /** Factors on the strengths over a run; hooks that share a list go through it together. */
  readonly keyframes: readonly HookKeyframe[]
  /** The same for all hooks that come from one node. */
  readonly origin: symbol
}

/** HOOKS: those that act together. */
export type HookValue = readonly WeightHook[]

/** Hooks of a CLIP. */
export interface ClipHooks {
  /** Those it encodes with. */
  readonly forced: HookValue
  /** Texts are encoded for each part of the run, with the strengths of that part; otherwise with the whole ones. */
  readonly isScheduled: boolean
  /** Those that what it encodes takes along. */
  readonly onConditionings?: HookValue | undefined
}

/** A VAE: the autoencoder of a checkpoint, or of a file of its own. */
export interface VaeValue {
  readonly checkpoint: ModelRef
}

/** A CLIP_VISION: the picture encoder of a file of its own, or of an unCLIP checkpoint. */
export interface VisionValue {
  readonly encoder: ModelRef
}

/** A STYLE_MODEL: the file of a style adapter. */
export interface StyleModelValue {
  readonly style: ModelRef
}

/** An UPSCALE_MODEL: the file of an upscaler network. */
export interface UpscaleModelValue {
  readonly upscaler: ModelRef
}

/** What an entry says to the families of models that listen to more than text. */
export interface EntryConditions {
  /** Sizes, pixels, and a score for label vectors; absent: the latent's size, no crop, the usual score. */
  readonly labelNumbers?: Partial<LabelNumbers>
  /** A picture's latents [images, 4, h, w], unscaled, that go in beside the noisy ones. */
  readonly concatLatent?: Tensor
  /** Where an inpainting model may draw, [images, H, W] or [images, 1, H, W] of any size; absent: the latent's noise mask. */
  readonly concatMask?: Tensor
  /** Pictures to make something like, for the models that are told some; SDXL takes them in place of its pooled text. */
  readonly like?: readonly LikePictures[]
  /** An encoded prompt for ControlNets alone; absent: they see the entry's own. */
  readonly controlTokens?: Tensor
}

/** An encoded prompt, what else it says, and where, when and how strongly it guides. */
export type ConditioningEntry = Conditioning &
  EntryConditions &
  EntryScope &
  EntryControls & { readonly hooks?: HookValue | undefined; readonly boxes?: BoxLink | undefined }

/** A PHOTOMAKER: the file of a PhotoMaker model. */
export interface PhotoMakerValue {
  readonly photoMaker: ModelRef
}

/** A CONTROL_NET: the file of a ControlNet or adapter. */
export interface ControlNetValue {
  readonly control: ModelRef
  /** The checkpoint its differences are from, where a node says that; absent: the one that is sampled. */
  readonly base?: ModelRef
  /** Kind of picture, for union networks; absent: not told. */
  readonly unionType?: number
}

/** A ControlNet on an entry, with its picture, and those that were put on it before. */
export interface ControlLink {
  readonly network: ControlNetValue
  /** [pictures, height, width, 3], 0 to 1. */
  readonly image: Tensor
  readonly strength: number
  /** Shares of the run at which it begins and ends to act. */
  readonly startPercent: number
  readonly endPercent: number
  readonly previous: ControlLink | undefined
}

/** A text in a box of the picture, in cells. */
export interface TextBox {
  /** The whole text's embedding, [1, width]. */
  readonly text: Tensor
  readonly height: number
  readonly width: number
  readonly top: number
  readonly left: number
}

/** Boxes of an entry, and the GLIGEN model that shows them. */
export interface BoxLink {
  readonly file: ModelRef
  readonly boxes: readonly TextBox[]
}

/** ControlNets of an entry. */
export interface EntryControls {
  readonly control?: ControlLink
  /** It is to act on the other halves too, where those have none of their own. */
  readonly isControlForAll?: boolean
}

/** A CONDITIONING: encoded prompts. */
export type ConditioningValue = readonly ConditioningEntry[]

/** A LATENT: unscaled latents [batch, 4, h, w], and which index of a batch's noise each image takes. */
export interface LatentValue {
  readonly samples: Tensor
  readonly noiseMask?: Tensor
  readonly batchIndex?: readonly number[]
}

/** What a node may use beside its inputs. */
export interface NodeContext {
  readonly nodeId: string
  readonly job: JobContext
  readonly models: ModelStore
  readonly texts: TextModels
  /** What a saved file says of how it was made: the graph and the request's extra data; nothing where that is not wanted. */
  fileTexts(): readonly PngText[]
  /** Reports that the node advanced. */
  advance(step: number, total: number): void
  /** Notes something the submitter may want to know; the job goes on. */
  remark(text: string): void
  /** Names so many files in the temp folder, numbered from the one given. */
  nameTemp(count: number): TempName
  /** Keeps a file among the job's results. */
  keep(file: EngineFile): void
  /** Pictures the graph reads, by the text of the node's input. */
  readonly inputFiles: ReadonlyMap<string, Uint8Array>
}

/** What a node gives: its outputs in slot order, and what the client is shown. */
export interface NodeAnswer {
  readonly outputs: readonly unknown[]
  readonly ui?: Readonly<Record<string, unknown>>
}

/** A node class as code; its definition of the same file name is in the catalog. */
export type NodeExecution = (inputs: NodeInputs, context: NodeContext) => Promise<NodeAnswer>
