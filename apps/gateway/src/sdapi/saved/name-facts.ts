import type { GenerationPlan } from '../generation/generation-plan.ts'
import type { PromptStyle } from '../styles.ts'

/** What the name of a saved picture can be made of. */
export interface NameFacts {
  readonly plan: GenerationPlan
  /** Styles the request names, that are there. */
  readonly styles: readonly PromptStyle[]
  /** What its name begins with, where that is no number. */
  readonly basename?: string
  /** Index of the picture among the job's images. */
  readonly index: number
  /** Size of the picture, pixels. */
  readonly width: number
  readonly height: number
  /** SHA-256 of its pixels, lower-case hex, where a pattern asks for it. */
  readonly pixelHash?: string
  /** When the job was begun, and now, milliseconds since 1970 UTC. */
  readonly startedAt: number
  readonly now: number
}
