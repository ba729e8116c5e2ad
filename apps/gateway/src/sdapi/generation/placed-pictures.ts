import type { BlobRef } from '@atelier/proto'
import type { StoredUnit } from '../control/to-controls.ts'

/** Pictures of the request, stored. */
export interface PlacedPictures {
  readonly sources: readonly BlobRef[]
  readonly mask?: BlobRef | undefined
  /** Units that act, with their pictures; absent: none. */
  readonly controls?: readonly StoredUnit[]
  /** A script makes the mask while it runs. */
  readonly makesMask?: boolean
}
