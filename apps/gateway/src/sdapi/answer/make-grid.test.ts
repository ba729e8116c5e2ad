import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { Pixels } from '../../images/pixels.ts'
import { layOutGrid, makeGrid } from './make-grid.ts'

interface RecordedPicture {
  readonly width: number
  readonly height: number
  /** Base64 of red, green and blue. */
  readonly pixels: string
}

/** What `image_grid` of A1111 v1.10.1 made: sizes for counts and options, and one grid of pictures of three sizes. */
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/image-grids.json', import.meta.url), 'utf8'),
) as {
  readonly layouts: readonly (readonly [number, boolean, number, number, number, number])[]
  readonly grid: {
    readonly background: string
    readonly pictures: readonly RecordedPicture[]
    readonly grid: RecordedPicture
  }
}

const toPixels = ({ width, height, pixels }: RecordedPicture): Pixels => ({
  ...{ width, height, channels: 3, data: Buffer.from(pixels, 'base64') },
})

describe('a grid', () => {
  it('has the recorded rows and columns', () => {
    for (const [nRows, isFull, count, batchSize, ...expected] of recorded.layouts) {
      const options = new Map<string, bigint | boolean>([
        ['n_rows', BigInt(nRows)],
        ['grid_prevent_empty_spots', isFull],
      ])
      const name = `${count} pictures, n_rows ${nRows}, batch ${batchSize}${isFull ? ', full' : ''}`
      expect(layOutGrid(count, { options, batchSize }), name).toEqual(expected)
    }
    expect(recorded.layouts).toHaveLength(135)
  })

  const { background, pictures, grid } = recorded.grid
  const options = new Map([['grid_background_color', background]])

  it('of smaller and larger pictures has the recorded pixels', async () => {
    const made = await makeGrid(pictures.map(toPixels), { options, batchSize: 1 })
    expect(made).toEqual(toPixels(grid))
  })

  it('is the same of files as of their pixels', async () => {
    const files = await Promise.all(
      pictures.map((picture) => {
        const { width, height, channels, data } = toPixels(picture)
        return sharp(data, { raw: { width, height, channels } }).png().toBuffer()
      }),
    )
    expect(await makeGrid(files, { options, batchSize: 1 })).toEqual(toPixels(grid))
  })

  it('has a white background where the option holds no colour', async () => {
    const [wide, , low] = pictures.map(toPixels) as [Pixels, Pixels, Pixels]
    const made = await makeGrid([wide, low], {
      options: new Map([['grid_background_color', 'nonsense']]),
      batchSize: 1,
    })
    // Above the lower picture, which is centred.
    expect([...made.data.subarray(wide.width * 3, wide.width * 3 + 3)]).toEqual([255, 255, 255])
  })
})
