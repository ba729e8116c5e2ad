import sharp from 'sharp'
import { fillPixels, openPicture, readPixels, toOverlay, type Pixels } from '../../../images/pixels.ts'
import { drawText } from './draw-text.ts'

/** A text at a row or column of a grid. */
export interface GridText {
  readonly text: string
  /** Written in full colour; otherwise pale and crossed out. */
  readonly isActive: boolean
}

/** Colours of a grid, "#rrggbb". */
export interface GridColours {
  readonly active: string
  readonly inactive: string
  readonly background: string
}

/** What is written beside a grid, and where. */
export interface Annotation {
  /** Size of a cell, pixels. */
  readonly cellWidth: number
  readonly cellHeight: number
  /** Texts above each column, and left of each row. */
  readonly columns: readonly (readonly GridText[])[]
  readonly rows: readonly (readonly GridText[])[]
  /** Pixels between cells. */
  readonly margin: number
  readonly colours: GridColours
}

/** Letters are this share of the sum of a cell's sides. */
const SIZE_SHARE = 25
/** Part of a cell's width that texts left of rows take. */
const LEFT_SHARE = 3 / 4
const STRIKE_WIDTH = 4

interface Line extends GridText {
  readonly width: number
  readonly height: number
  /** Size of its letters: smaller where a word is longer than its place. */
  readonly size: number
}

/** Something to be drawn, and where its corner is. */
interface Placed {
  readonly pixels: Pixels
  readonly left: number
  readonly top: number
}

/** Writes texts above and left of a grid's cells, laid out as A1111 does. */
export async function annotateGrid(grid: Pixels, annotation: Annotation): Promise<Pixels> {
  const { cellWidth, cellHeight, columns, rows, margin, colours } = annotation
  const size = Math.floor((cellWidth + cellHeight) / SIZE_SHARE)
  const spacing = Math.floor(size / 2)
  const hasRowTexts = rows.some((texts) => texts.some(({ text }) => text !== ''))
  const left = hasRowTexts ? Math.floor(cellWidth * LEFT_SHARE) : 0
  const above = await Promise.all(columns.map((texts) => wrapAll(texts, size, cellWidth)))
  const beside = await Promise.all(rows.map((texts) => wrapAll(texts, size, left)))
  const heightOf = (lines: readonly Line[]) =>
    lines.reduce((sum, { height }) => sum + height + spacing, 0) - spacing
  const heights = above.map(heightOf)
  const hasColumnTexts = heights.reduce((sum, height) => sum + height, 0) !== 0
  const top = hasColumnTexts ? Math.max(...heights) + spacing * 2 : 0
  const place = (column: number, row: number) => ({
    left: left + (cellWidth + margin) * column,
    top: top + (cellHeight + margin) * row,
  })
  const placed = await cutCells(grid, annotation, place)
  for (const [column, lines] of above.entries()) {
    const x = place(column, 0).left + cellWidth / 2
    placed.push(...(await drawLines(lines, { x, y: top / 2 - heights[column]! / 2, spacing, colours })))
  }
  for (const [row, lines] of beside.entries()) {
    // The spacing below the last line is not counted here, nor that between lines.
    const height = lines.reduce((sum, line) => sum + line.height, 0)
    const y = place(0, row).top + cellHeight / 2 - height / 2
    placed.push(...(await drawLines(lines, { x: left / 2, y, spacing, colours })))
  }
  const width = columns.length * cellWidth + left + margin * (columns.length - 1)
  const height = rows.length * cellHeight + top + margin * (rows.length - 1)
  return drawAll(placed, { width, height, background: colours.background })
}

async function cutCells(
  grid: Pixels,
  { cellWidth: width, cellHeight: height, columns, rows }: Annotation,
  place: (column: number, row: number) => Omit<Placed, 'pixels'>,
): Promise<Placed[]> {
  const cells: Placed[] = []
  for (const row of rows.keys()) {
    for (const column of columns.keys()) {
      const cut = { left: width * column, top: height * row, width, height }
      cells.push({ pixels: await readPixels(openPicture(grid).extract(cut)), ...place(column, row) })
    }
  }
  return cells
}

async function drawAll(
  placed: readonly Placed[],
  canvas: { readonly width: number; readonly height: number; readonly background: string },
): Promise<Pixels> {
  const inside = await Promise.all(placed.map((one) => keepInside(one, canvas)))
  return readPixels(
    sharp({ create: { ...canvas, channels: 3 } })
      .composite(inside.map(({ pixels, ...corner }) => toOverlay(pixels, corner)))
      .removeAlpha(),
  )
}

/** Breaks texts into lines of words that fit a width; a word that is longer has smaller letters. */
async function wrapAll(texts: readonly GridText[], size: number, width: number): Promise<Line[]> {
  const lines: Line[] = []
  for (const { text, isActive } of texts) {
    for (const line of await wrap(text, size, width)) {
      const drawn = await measure(line, size)
      let fitted = size
      while (fitted > 1 && (await measure(line, fitted)).width > width) fitted -= 1
      lines.push({ text: line, isActive, ...drawn, size: fitted })
    }
  }
  return lines
}

async function wrap(text: string, size: number, width: number): Promise<string[]> {
  const lines = ['']
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const longer = `${lines.at(-1)} ${word}`.trim()
    if ((await measure(longer, size)).width <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

async function measure(text: string, size: number): Promise<{ width: number; height: number }> {
  const drawn = await drawText(text, { size, colour: '#000000' })
  return { width: drawn?.width ?? 0, height: drawn?.height ?? 0 }
}

interface LinePlace {
  /** Middle of the lines, and top of the first one. */
  readonly x: number
  readonly y: number
  readonly spacing: number
  readonly colours: GridColours
}

async function drawLines(lines: readonly Line[], { x, y, spacing, colours }: LinePlace): Promise<Placed[]> {
  const placed: Placed[] = []
  let top = y
  for (const { text, isActive, width, height, size } of lines) {
    const colour = isActive ? colours.active : colours.inactive
    const drawn = await drawText(text, { size, colour })
    if (drawn !== undefined) placed.push(centre(drawn, x, top + height / 2))
    if (!isActive && width > 0) {
      const strike = await fillPixels(Math.max(Math.floor(width / 2) * 2, 1), STRIKE_WIDTH, colour)
      placed.push(centre(strike, x, top + Math.floor(height / 2)))
    }
    top += height + spacing
  }
  return placed
}

function centre(pixels: Pixels, x: number, y: number): Placed {
  return { pixels, left: Math.round(x - pixels.width / 2), top: Math.round(y - pixels.height / 2) }
}

/** Cuts off what reaches beyond the canvas: sharp refuses overlays that are larger. */
async function keepInside(
  placed: Placed,
  canvas: { readonly width: number; readonly height: number },
): Promise<Placed> {
  const { pixels, left: x, top: y } = placed
  const [left, top] = [Math.max(x, 0), Math.max(y, 0)]
  const right = Math.min(x + pixels.width, canvas.width)
  const bottom = Math.min(y + pixels.height, canvas.height)
  if (left === x && top === y && right === x + pixels.width && bottom === y + pixels.height) return placed
  const cut = {
    left: left - x,
    top: top - y,
    width: Math.max(right - left, 1),
    height: Math.max(bottom - top, 1),
  }
  return { pixels: await readPixels(openPicture(pixels).extract(cut)), left, top }
}
