import type { ExactObject, ExactValue } from '@atelier/catalog/exact-json'
import type { ScriptJob } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import type { Options } from '../options/options-store.ts'
import type { Parameter } from '../parameters/parameter.ts'
import type { GenerationRequest } from '../request/generation-request.ts'
import type { PlacedPictures } from '../generation/placed-pictures.ts'
import type { GridNote } from './grids/grid-note.ts'

/** What a generation of a script is planned with beside its request. */
export interface PartOptions {
  /** What the script tells of itself, before the other parameters. */
  readonly parameters?: readonly Parameter[]
  /** The script makes a mask while it runs. */
  readonly makesMask?: boolean
}

/** What a script is given. */
export interface ScriptContext {
  readonly request: GenerationRequest
  /** Its arguments, as many as it takes. */
  readonly args: readonly ExactValue[]
  readonly isImageToImage: boolean
  /** The tenant's options with the request's on top. */
  readonly options: Options
  readonly models: ModelIndex
  /** Size of the first source picture, pixels; absent: there is none. */
  readonly source: { readonly width: number; readonly height: number } | undefined
  readonly random: () => number
  /**
   * Checks and settles a request of the script's making.
   * @throws ApiError as a request of its own would
   */
  plan(request: GenerationRequest, options?: PartOptions): GenerationPlan
  /** The parameters of a plan, as its infotext has them. */
  parametersOf(plan: GenerationPlan): readonly Parameter[]
  /** The infotext of a plan's first image, with parameters after its own. */
  infotextOf(plan: GenerationPlan, more: readonly Parameter[]): string
  /** The `info` of a plan before it has run. */
  describe(plan: GenerationPlan): ExactObject
}

/** What a script makes of a request: generations, what happens between them, and how the answer is made of theirs. */
export interface ScriptPlan {
  readonly parts: readonly GenerationPlan[]
  /** What `progress` calls the job during each part. */
  readonly names: readonly string[]
  /** What happens between the parts; absent: nothing. */
  readonly work?: (pictures: PlacedPictures) => ScriptJob['work']
  /** The parts draw over pictures that are made while the script runs, not over the request's. */
  readonly makesSources?: boolean
  /** See PlacedPictures. */
  readonly makesMask?: boolean
  /** `info` of the answer but for its infotexts and time. */
  readonly info: ExactObject
  /** Which of its parameters are told of events (see SurfaceNote); the scripts leave that to their caller. */
  readonly told?: ExactObject
  readonly answer: AnswerNote
}

/** How the answer is made of what the parts made; it travels with the job. */
export interface AnswerNote {
  /** Infotexts: each picture's own, or the first one's for all. */
  readonly texts: 'own' | 'first'
  /** A grid before the pictures; absent: none. */
  readonly grid?: GridNote
}

/** A selectable script. */
export interface Script {
  /** Its title, lower-case. */
  readonly title: string
  /** Names of its arguments, in order. */
  readonly args: readonly string[]
  /** Arguments as earlier versions took them, in today's places; absent: they are the same. */
  readonly fromEarlier?: (args: readonly ExactValue[]) => readonly ExactValue[]
  /** Its arguments take the place of the request's fields: what its generations are made of is checked, not the request. */
  readonly checksParts?: boolean
  /** Plans the generations; none: there is nothing to draw. */
  plan(context: ScriptContext): ScriptPlan
}
