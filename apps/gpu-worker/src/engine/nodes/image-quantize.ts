import { joinRows, sliceRows } from '../denoise/combine.ts'
import type { NodeExecution } from '../node-graph/node-context.ts'
import { bayerMatrix, spreadByMatrix } from '../pictures/bayer.ts'
import { makePalette } from '../pictures/median-cut.ts'
import { ditherWithPalette, paintWithPalette } from '../pictures/to-palette.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { requireColours } from './fit-pictures.ts'

/** Paints pictures with few colours of their own, each picture by itself. */
export const imageQuantize: NodeExecution = async (inputs) => {
  const image = inputs.value<Tensor>('image')
  requireColours(image, 'Invalid mode for data type')
  const settings = { colours: inputs.integer('colors'), dither: inputs.text('dither') }
  const rows = Array.from({ length: image.shape[0]! }, (_, row) =>
    quantize(sliceRows(image, row, row + 1), settings),
  )
  return { outputs: [joinRows(rows)] }
}

function quantize(
  { shape, data }: Tensor,
  { colours, dither }: { readonly colours: number; readonly dither: string },
): Tensor {
  const width = shape[2]!
  const pixels = Uint8Array.from(data, (value) => Math.fround(value * 255))
  const palette = makePalette(pixels, colours)
  return createTensor(
    shape,
    Float32Array.from(paint(pixels, width, { palette, dither }), (byte) => byte / 255),
  )
}

function paint(
  pixels: Uint8Array,
  width: number,
  { palette, dither }: { readonly palette: Uint8Array; readonly dither: string },
): Uint8Array {
  if (dither === 'none') return paintWithPalette(pixels, palette)
  if (dither === 'floyd-steinberg') return ditherWithPalette(pixels, width, palette)
  const matrix = bayerMatrix(Number(dither.split('-').at(-1)))
  const spread = (2 * 256) / (palette.length / 3)
  return paintWithPalette(spreadByMatrix(pixels, width, { matrix, spread }), palette)
}
