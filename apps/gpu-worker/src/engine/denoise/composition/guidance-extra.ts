import type { Tensor } from '../../tensor/tensor.ts'
import type { InsidePatch } from '../inside/patch-network.ts'
import type { Composer, Moment } from './compose.ts'
import type { GuidingEntry, GuidingLists } from './guiding-entry.ts'

/** What an extra sees when the guidance is done. */
export interface GuidedMoment extends Moment {
  /** What the guidance made of the roles' predictions. */
  readonly guided: Tensor
  readonly positive: Tensor
  /** Undefined where it was left out. */
  readonly negative: Tensor | undefined
  /** Predictions of the lists the extra asked for. */
  readonly own: readonly Tensor[]
  readonly lists: GuidingLists
  readonly compose: Composer
}

/** A change of the guidance that needs predictions of its own, for one sampling. */
export interface GuidanceExtra {
  /** What it does inside the network. */
  readonly inside?: InsidePatch
  /** The unconditional is predicted even where the guidance scale leaves it out. */
  readonly needsUnconditional?: boolean
  /** Further lists that are predicted together with the roles'. */
  readonly ask?: (lists: GuidingLists) => readonly (readonly GuidingEntry[])[]
  /** Tells the network which entries it looks at. */
  readonly mark?: (lists: GuidingLists) => GuidingLists
  /** Changes what was guided. */
  readonly finish: (seen: GuidedMoment) => Tensor | Promise<Tensor>
}
