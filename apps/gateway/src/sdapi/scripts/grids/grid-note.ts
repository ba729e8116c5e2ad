/** Grid that a script's answer begins with. */
export type GridNote =
  /** All pictures side by side. */
  | { readonly kind: 'row' }
  /** As the options lay grids out. */
  | { readonly kind: 'square' }
  /** Combinations of a prompt's parts, which are written beside it. */
  | { readonly kind: 'matrix'; readonly parts: readonly string[]; readonly margin: number }
  | PlotNote

/** A plot over up to three axes. */
export interface PlotNote {
  readonly kind: 'plot'
  /** What stands at the values of each axis; one empty text for an axis that is not used. */
  readonly x: readonly string[]
  readonly y: readonly string[]
  readonly z: readonly string[]
  /** The cell that each part fills, counted along x, then y, then z. */
  readonly cells: readonly number[]
  readonly hasLegend: boolean
  readonly hasPictures: boolean
  readonly hasSubGrids: boolean
  /** Pixels between cells. */
  readonly margin: number
  /** Infotexts of the whole and of each grid along z. */
  readonly texts: readonly string[]
}
