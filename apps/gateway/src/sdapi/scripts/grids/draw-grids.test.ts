import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { Pixels } from '../../../images/pixels.ts'
import { drawGrids } from './draw-grids.ts'
import { drawText } from './draw-text.ts'
import type { PlotNote } from './grid-note.ts'

const picture = (width: number, height: number, background = '#336699') =>
  sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toBuffer()

const sizeOf = (grid: Pixels | undefined) => ({ width: grid?.width, height: grid?.height })

const given = (pictures: readonly Uint8Array[], cells: readonly (Uint8Array | undefined)[] = pictures) => ({
  ...{ pictures, cells, batchSize: 1, options: new Map() },
})

const plot = (x: string[], y: string[], more: Partial<PlotNote> = {}): PlotNote => ({
  ...{ kind: 'plot', x, y, z: [''], cells: Array.from({ length: x.length * y.length }, (_, index) => index) },
  ...{ hasLegend: true, hasPictures: true, hasSubGrids: true, margin: 0, texts: [] },
  ...more,
})

// Sizes: draw_grid_annotations and draw_prompt_matrix of A1111 v1.10.1 over pictures of these sizes.
describe('annotated grids', () => {
  it.each([
    { cell: [64, 64], x: ['Steps: 2', 'Steps: 3'], y: [''], margin: 0, size: [128, 73] },
    {
      cell: [128, 128],
      x: ['Steps: 20', 'Steps: 30'],
      y: ['CFG Scale: 7.0', 'CFG Scale: 8.0'],
      ...{ margin: 0, size: [352, 276] },
    },
    {
      cell: [256, 192],
      x: ['a rather long label that wraps over lines', 'short'],
      y: ['Euler a', 'DPM++ 2M'],
      ...{ margin: 10, size: [714, 445] },
    },
    { cell: [512, 512], x: [''], y: [''], margin: 0, size: [512, 512] },
    { cell: [256, 256], x: ['Seed: 1'], y: [''], margin: 4, size: [256, 291] },
  ])('have the original’s size: cells of $cell', async ({ cell, x, y, margin, size: [width, height] }) => {
    const one = await picture(cell[0]!, cell[1]!)
    const cells = Array.from({ length: x.length * y.length }, () => one)
    const [whole, grid] = await drawGrids(plot(x, y, { margin }), given(cells))
    expect(sizeOf(grid)).toEqual({ width, height })
    expect(sizeOf(whole)).toEqual({ width, height })
  })

  it.each([
    [64, ['b', 'c'], 0, [176, 136]],
    [256, ['blue sky', 'red house', 'dog'], 8, [1240, 584]],
  ])(
    'of a prompt’s parts have the original’s size: cells of %i',
    async (side, parts, margin, [width, height]) => {
      const cell = await picture(side, side)
      const cells = Array.from({ length: 2 ** parts.length }, () => cell)
      const [grid] = await drawGrids({ kind: 'matrix', parts, margin }, given(cells))
      expect(sizeOf(grid)).toEqual({ width, height })
    },
  )

  it('put parts into their cells, and leave those black that were not drawn', async () => {
    const [red, blue] = [await picture(8, 8, '#ff0000'), await picture(8, 8, '#0000ff')]
    const note = plot(['', ''], ['', ''], { hasLegend: false, cells: [2, 0, 1, 3] })
    const [grid] = await drawGrids(note, given([red, blue], [red, blue, undefined, undefined]))
    const at = (x: number, y: number) => [...grid!.data.subarray((y * 16 + x) * 3, (y * 16 + x) * 3 + 3)]
    expect([at(4, 4), at(12, 4), at(4, 12), at(12, 12)]).toEqual([
      [0, 0, 255],
      [0, 0, 0],
      [255, 0, 0],
      [0, 0, 0],
    ])
  })

  it('are not there at all without pictures', async () => {
    const cell = await picture(16, 16)
    const [row] = await drawGrids({ kind: 'row' }, given([cell, cell]))
    expect(sizeOf(row)).toEqual({ width: 32, height: 16 })
    expect(await drawGrids({ kind: 'square' }, given([]))).toEqual([])
  })
})

describe('drawText', () => {
  const style = { size: 20, colour: '#ff0000' }

  it('draws letters in their colour, markup as it is written', async () => {
    const drawn = await drawText('<b>&amp;</b>', style)
    const plain = await drawText('b', style)
    expect(drawn!.width).toBeGreaterThan(5 * plain!.width)
    const { width, height, data } = plain!
    const darkest = Math.max(...Array.from({ length: width * height }, (_, i) => data[4 * i + 3]!))
    expect(darkest).toBeGreaterThan(200)
  })

  it.each(['', '   '])('draws nothing of %j', async (text) => {
    expect(await drawText(text, style)).toBeUndefined()
  })
})
