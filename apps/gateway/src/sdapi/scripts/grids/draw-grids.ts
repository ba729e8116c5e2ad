import { fillPixels, measurePicture, type Picture, type Pixels } from '../../../images/pixels.ts'
import { makeGrid } from '../../answer/make-grid.ts'
import { optionText, type Options } from '../../options/options-store.ts'
import { annotateGrid, type GridColours, type GridText } from './annotate.ts'
import type { GridNote, PlotNote } from './grid-note.ts'

/** The pictures a grid is made of. */
export interface GridPictures {
  /** In the order of the answer. */
  readonly pictures: readonly Uint8Array[]
  /** Plots: what fills each part's cell; undefined where a part made nothing. */
  readonly cells: readonly (Picture | undefined)[]
  readonly batchSize: number
  readonly options: Options
}

/** Draws the grids an answer begins with; none where there is nothing to show. */
export async function drawGrids(note: GridNote, given: GridPictures): Promise<Pixels[]> {
  if (given.pictures.length === 0) return []
  const { pictures, options, batchSize } = given
  switch (note.kind) {
    case 'row':
      return [await layOut(pictures, 1, given)]
    case 'square':
      return [await makeGrid(pictures, { options, batchSize })]
    case 'matrix':
      return [await drawMatrix(note, given)]
    case 'plot':
      return drawPlot(note, given)
  }
}

/** Puts pictures into a number of rows. */
function layOut(
  pictures: readonly Picture[],
  rows: number,
  { options, batchSize }: GridPictures,
): Promise<Pixels> {
  const inRows = new Map(options).set('n_rows', BigInt(rows))
  return makeGrid(pictures, { options: inRows, batchSize })
}

/** Parts of the prompt are written above the columns and beside the rows; those that a picture lacks are crossed out. */
async function drawMatrix(
  { parts, margin }: Extract<GridNote, { kind: 'matrix' }>,
  given: GridPictures,
): Promise<Pixels> {
  const boundary = Math.ceil(parts.length / 2)
  const write = (texts: readonly string[]): GridText[][] =>
    Array.from({ length: 2 ** texts.length }, (_, position) =>
      texts.map((text, bit) => ({ text, isActive: (position & (1 << bit)) !== 0 })),
    )
  const grid = await layOut(given.pictures, 2 ** Math.floor(parts.length / 2), given)
  const cell = await sizeOf(given.pictures)
  return annotateGrid(grid, {
    ...cell,
    ...{ columns: write(parts.slice(0, boundary)), rows: write(parts.slice(boundary)), margin },
    colours: coloursOf(given.options),
  })
}

/** The whole, then a grid for each value along z. */
async function drawPlot(note: PlotNote, given: GridPictures): Promise<Pixels[]> {
  const ordered = await fillCells(note, given.cells)
  const size = note.x.length * note.y.length
  const grids: Pixels[] = []
  for (const z of note.z.keys()) {
    const cells = ordered.slice(z * size, (z + 1) * size)
    const grid = await layOut(cells, note.y.length, given)
    const { x, y, margin } = note
    grids.push(note.hasLegend ? await label(grid, { x, y, margin, cells }, given.options) : grid)
  }
  const whole = await layOut(grids, 1, given)
  if (!note.hasLegend) return [whole, ...grids]
  return [await label(whole, { x: note.z, y: [''], margin: 0, cells: grids }, given.options), ...grids]
}

interface Labels {
  readonly x: readonly string[]
  readonly y: readonly string[]
  readonly margin: number
  readonly cells: readonly Picture[]
}

async function label(grid: Pixels, { x, y, margin, cells }: Labels, options: Options): Promise<Pixels> {
  const write = (texts: readonly string[]) => texts.map((text) => [{ text, isActive: true }])
  return annotateGrid(grid, {
    ...(await sizeOf(cells)),
    ...{ columns: write(x), rows: write(y), margin, colours: coloursOf(options) },
  })
}

/** Cells along x, then y, then z; black where a part made nothing. */
async function fillCells({ cells }: PlotNote, made: readonly (Picture | undefined)[]): Promise<Picture[]> {
  const present = made.filter((picture) => picture !== undefined)
  const { cellWidth, cellHeight } = await sizeOf(present)
  const black = await fillPixels(cellWidth, cellHeight, '#000000')
  const ordered: Picture[] = cells.map(() => black)
  for (const [part, cell] of cells.entries()) {
    const picture = made[part]
    if (picture !== undefined) ordered[cell] = picture
  }
  return ordered
}

/** The largest sides of pictures. */
async function sizeOf(pictures: readonly Picture[]): Promise<{ cellWidth: number; cellHeight: number }> {
  const sizes = await Promise.all(pictures.map(measurePicture))
  return {
    cellWidth: Math.max(...sizes.map(({ width }) => width)),
    cellHeight: Math.max(...sizes.map(({ height }) => height)),
  }
}

function coloursOf(options: Options): GridColours {
  const read = (name: string, fallback: string) => {
    const colour = optionText(options, name)
    return /^#[0-9a-f]{6}$/i.test(colour) ? colour : fallback
  }
  return {
    active: read('grid_text_active_color', '#000000'),
    inactive: read('grid_text_inactive_color', '#999999'),
    background: read('grid_background_color', '#ffffff'),
  }
}
