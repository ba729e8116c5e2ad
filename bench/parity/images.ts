/**
 * Compares the arithmetic of pictures, masks, grids and latents with A1111's own functions; those of ControlNet are in
 * control pictures. Run: node --import tsx bench/parity/images.ts
 */
import { ResizeMode } from '@atelier/proto'
import { layOutGrid, makeGrid } from '../../apps/gateway/src/sdapi/answer/make-grid.ts'
import { toPixels } from '../../apps/gpu-worker/src/engine/decode/pixels.ts'
import type { Pixels } from '../../apps/gpu-worker/src/engine/image/pixels.ts'
import { applyOverlay } from '../../apps/gpu-worker/src/engine/inpaint/apply-overlay.ts'
import { correctColours } from '../../apps/gpu-worker/src/engine/inpaint/colour-correction.ts'
import { expandBox, findMaskedBox } from '../../apps/gpu-worker/src/engine/inpaint/crop-region.ts'
import { fillMasked } from '../../apps/gpu-worker/src/engine/inpaint/fill-masked.ts'
import { toColours, type Grey } from '../../apps/gpu-worker/src/engine/inpaint/grey.ts'
import { readMask } from '../../apps/gpu-worker/src/engine/inpaint/read-mask.ts'
import { cheapColoursOf, colourLatent } from '../../apps/gpu-worker/src/engine/preview/latent-colours.ts'
import { findLatentMethod, resizeLatent } from '../../apps/gpu-worker/src/engine/resample/latent-upscale.ts'
import { fitImage, fitImageWith } from '../../apps/gpu-worker/src/engine/source-image/fit-image.ts'
import { flattenImage } from '../../apps/gpu-worker/src/engine/source-image/read-image.ts'
import { openFixture, readCases } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import type { Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { cutTile, joinTiles, planGrid } from '../../apps/gpu-worker/src/engine/upscale/grid-tiles.ts'
import { upscaleImage } from '../../apps/gpu-worker/src/engine/upscale/upscale-image.ts'
import { compareSource } from './images-source.ts'
import { compareCase, compareValues, findFixtures, report } from './report.ts'
import type { ImageCase } from './image-case.ts'

const folder = findFixtures()
if (folder === undefined) process.exit(0)
const here = new URL(`file://${folder}webui-wire/images/`)
const ENGINE = new URL('../../apps/gpu-worker/src/engine/', import.meta.url)
const MODES = [
  ResizeMode.RESIZE_MODE_STRETCH,
  ResizeMode.RESIZE_MODE_CROP,
  ResizeMode.RESIZE_MODE_FILL,
  ResizeMode.RESIZE_MODE_LATENT,
] as const

const number = (value: unknown): number => Number(value ?? 0)

/** Bytes against a recorded picture, as a share of the tolerance; 0 allows none. */
function against(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): number {
  return compareValues(actual, expected, () => tolerance || Number.MIN_VALUE)
}

const isSame = (actual: unknown, expected: unknown): number =>
  JSON.stringify(actual) === JSON.stringify(expected) ? 0 : Infinity

type Compare = (row: ImageCase) => number | Promise<number>

const enlargeBy =
  (name: unknown) =>
  (picture: Pixels, factor: number): Promise<Pixels> =>
    upscaleImage(picture, factor, { kind: name === 'Nearest' ? 'nearest' : 'lanczos' })

interface Reader {
  readonly tensors: { tensor(name: string): Tensor }
  readonly grey: (name: string) => Grey
  readonly pixels: (name: string) => Pixels
}

/** Reads the tensors that cases name. */
function createReader(tensors: Reader['tensors']): Reader {
  const grey = (name: string): Grey => {
    const { shape, data } = tensors.tensor(name)
    return { width: shape[1]!, height: shape[0]!, data: Uint8Array.from(data) }
  }
  const pixels = (name: string): Pixels => {
    const { shape, data } = tensors.tensor(name)
    if (shape.length === 2) return toColours(grey(name))
    return { width: shape[1]!, height: shape[0]!, channels: shape[2] as 3 | 4, data: Uint8Array.from(data) }
  }
  return { tensors, grey, pixels }
}

/** Sizes, masks and boxes. */
function createPictureCompares({ grey, pixels }: Reader): Readonly<Record<string, Compare>> {
  return {
    async resize_image({ args, in: input, out }) {
      const mode = MODES[number(args['resize_mode'])]!
      const fit = { width: number(args['width']), height: number(args['height']), mode }
      const source = pixels(input['image']!)
      const fitted =
        args['upscaler'] === null
          ? fitImage(source, fit.width, fit.height, mode)
          : await fitImageWith(enlargeBy(args['upscaler']), source, fit)
      return against(fitted.data, pixels(out['image'] as string).data, 1)
    },
    async 'upscaler.upscale'({ args, in: input, out }) {
      const image = await enlargeBy(args['name'])(pixels(input['image']!), number(args['scale']))
      return against(image.data, pixels(out['image'] as string).data, 1)
    },
    flatten: ({ args, in: input, out }) =>
      against(
        flattenImage(pixels(input['image']!), args['bgcolor'] as string).data,
        pixels(out['image'] as string).data,
        0,
      ),
    create_binary_mask: ({ args, in: input, out }) =>
      against(
        readMask(pixels(input['image']!), args['round'] === true).data,
        grey(out['image'] as string).data,
        0,
      ),
    crop_region({ args, in: input, out }) {
      const mask = grey(input['mask']!)
      const box = findMaskedBox(mask, number(args['pad']))
      const list = (value: typeof box) => value && [value.left, value.top, value.right, value.bottom]
      if (box === undefined || out['box'] === null) return isSame(list(box) ?? null, out['box'])
      const target = { width: number(args['processing_width']), height: number(args['processing_height']) }
      const expanded = out['expanded'] === undefined ? undefined : list(expandBox(box, target, mask))
      return isSame([list(box), expanded], [out['box'], out['expanded']])
    },
  }
}

/** What is laid over and mixed; grids and latents. */
function createMixingCompares({ tensors, grey, pixels }: Reader): Readonly<Record<string, Compare>> {
  return {
    fill: ({ in: input, out }) =>
      against(
        fillMasked(pixels(input['image']!), grey(input['mask']!)).data,
        pixels(out['image'] as string).data,
        2,
      ),
    apply_overlay({ args, in: input, out }) {
      const place = args['paste_loc'] as readonly [number, number, number, number] | null
      const [left, top, width, height] = place ?? [0, 0, 0, 0]
      const box = place === null ? undefined : { left, top, right: left + width, bottom: top + height }
      const laid = applyOverlay(pixels(input['image']!), pixels(input['overlay']!), box)
      return against(laid.data, pixels(out['image'] as string).data, 0)
    },
    color_correction: ({ in: input, out }) =>
      against(
        correctColours(pixels(input['image']!), pixels(input['target']!)).data,
        pixels(out['image'] as string).data,
        3,
      ),
    'img2img.init': (row) => compareSource(row, { tensors, pixels }),
    'image_grid.dims'({ args, out }) {
      const options = new Map<string, bigint | boolean>([
        ['n_rows', BigInt(number(args['n_rows']))],
        ['grid_prevent_empty_spots', args['grid_prevent_empty_spots'] === true],
      ])
      const [rows, columns] = layOutGrid(number(args['count']), {
        options,
        batchSize: number(args['batch_size']),
      })
      return isSame({ columns, rows }, { columns: out['cols'], rows: out['rows'] })
    },
    split_grid({ args, in: input, out }) {
      const picture = pixels(input['image']!)
      const [width, height] = [number(args['tile_w']), number(args['tile_h'])]
      const grid = planGrid(picture.width, picture.height, {
        width,
        height,
        overlap: number(args['overlap']),
      })
      const row = grid.lefts.map((left) => [left, width])
      if (
        isSame(
          grid.tops.map((top) => [top, height, row]),
          out['tiles'],
        ) !== 0
      )
        return Infinity
      const tiles = grid.tops.map((top) => grid.lefts.map((left) => cutTile(picture, grid, top, left)))
      return against(joinTiles(tiles, grid).data, pixels(out['image'] as string).data, 0)
    },
    async image_grid({ args, in: input, out }) {
      const options = new Map([['grid_background_color', args['background'] as string]])
      const batchSize = number(args['batch_size'])
      const grid = await makeGrid(Object.values(input).map(pixels), { options, batchSize })
      return against(grid.data, pixels(out['image'] as string).data, 0)
    },
    latent_upscale({ args, in: input, out }) {
      const [height, width] = args['size'] as [number, number]
      const method = findLatentMethod(args['name'] as string)!
      const { data } = resizeLatent(tensors.tensor(input['latent']!), { width, height }, method)
      return compareValues(data, tensors.tensor(out['latent'] as string).data, () => 1e-5)
    },
    decoded_to_uint8: ({ in: input, out }) =>
      against(toPixels(tensors.tensor(input['decoded']!)).data, pixels(out['image'] as string).data, 0),
    cheap_approximation({ args, in: input, out }) {
      const latent = tensors.tensor(input['latent']!)
      const batch = latent.shape.length === 3 ? { ...latent, shape: [1, ...latent.shape] } : latent
      const { data } = colourLatent(batch, cheapColoursOf(args['sdxl'] === true ? 'sdxl' : 'sd1'))
      return compareValues(data, tensors.tensor(out['rgb'] as string).data, () => 1e-5)
    },
  }
}

interface Recording {
  readonly rows: readonly ImageCase[]
  readonly tensors: Reader['tensors']
  readonly compares: Readonly<Record<string, Compare>>
}

function openRecording(base: URL, name: string): Recording {
  const tensors = openFixture(new URL(`${name}.safetensors`, base))
  return {
    rows: readCases<ImageCase>(new URL(`${name}.jsonl`, base)),
    tensors,
    compares: createCompares(tensors),
  }
}

function createCompares(tensors: Reader['tensors']): Readonly<Record<string, Compare>> {
  const reader = createReader(tensors)
  return { ...createPictureCompares(reader), ...createMixingCompares(reader) }
}

/**
 * The recording names an input like the output that has its place, so that many inputs are lost; those that were made again
 * from its script lie beside the engine's tests.
 */
const recorded = openRecording(here, 'images')
const madeAgain = [
  openRecording(new URL('inpaint/__fixtures__/', ENGINE), 'images'),
  openRecording(new URL('resample/__fixtures__/', ENGINE), 'latent-upscale'),
]

/** Names that stand for an input and for an output of one case. */
const REUSED = new Set(
  recorded.rows.flatMap(({ id, in: input, out }) =>
    Object.keys(input)
      .map((name) => `${id}.${name}`)
      .filter((name) => Object.values(out).includes(name)),
  ),
)

/** Inputs made again, by the names they had in the recording: other cases take the same pictures. */
const INPUTS: ReadonlyMap<string, () => Tensor> = new Map(
  madeAgain.flatMap(({ rows, tensors }) =>
    rows.flatMap(({ id, in: input }) => {
      const original = recorded.rows.find((row) => row.id === id)?.in ?? {}
      return Object.entries(original).map(
        ([slot, name]) => [`again ${name}`, () => tensors.tensor(input[slot]!)] as const,
      )
    }),
  ),
)
const withInputs = createCompares({ tensor: (name) => INPUTS.get(name)?.() ?? recorded.tensors.tensor(name) })

/** The case with its input and how it is compared; undefined where the input is lost. */
function findCase(row: ImageCase): { row: ImageCase; compare: Compare } | undefined {
  for (const { rows, compares } of madeAgain) {
    const again = rows.find(({ id }) => id === row.id)
    if (again !== undefined) return { row: again, compare: compares[row.fn]! }
  }
  // Tiles put together again are the picture they were cut from: both have one name rightly.
  const isReused = (name: string) => row.fn !== 'split_grid' && REUSED.has(name)
  const inputs = Object.entries(row.in).map(
    ([slot, name]) => [slot, isReused(name) ? `again ${name}` : name] as const,
  )
  const isLost = inputs.some(([, name]) => name.startsWith('again ') && !INPUTS.has(name))
  return isLost
    ? undefined
    : { row: { ...row, in: Object.fromEntries(inputs) }, compare: withInputs[row.fn]! }
}

const comparisons = []
for (const row of recorded.rows) {
  if (/^(controlnet|annotator)\.|^pixel_perfect/.test(row.fn)) continue
  const toMissing = (exception: string) => ({ group: row.fn, name: row.id, error: Infinity, exception })
  const found = findCase(row)
  comparisons.push(
    found === undefined
      ? toMissing('its input is not in the recording')
      : await compareCase(row.fn, row.id, () => found.compare(found.row)),
  )
}
process.exitCode = report('images', 'Pictures and masks of the WebUI', comparisons) ? 0 : 1
