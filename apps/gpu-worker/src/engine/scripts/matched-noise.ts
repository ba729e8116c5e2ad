import type { Pixels } from '../image/pixels.ts'
import type { Grey } from '../inpaint/grey.ts'
import { createField, transformCentred, type ComplexField } from './fourier.ts'
import { matchValues } from './match-values.ts'
import { createPcgUniform } from './pcg-uniform.ts'

/** How noise is shaped. */
export interface NoiseShape {
  /** Exponent on the picture's spectrum: the lower the more detail. */
  readonly exponent: number
  /** Share of colour in it, 0 to 1. */
  readonly colourVariation: number
}

/** Masks below this count as none (A1111). */
const KEPT_BELOW = 1e-3
const DRAWN_ABOVE = 1e-6
const CHANNELS = 3
/** The noise depends on the picture alone: it is always drawn from this seed. */
const SEED = 0n

/**
 * Fills the masked part of a picture with noise that has the spectrum and the colours of the rest (A1111's outpainting
 * mk2, after parlance-zz's g-diffuser-bot): a new part drawn over it looks like more of the same.
 */
export function fillWithMatchedNoise(picture: Pixels, mask: Grey, shape: NoiseShape): Pixels {
  const { width, height, data } = picture
  const noise = shapeNoise(picture, mask, shape)
  const masked: number[] = []
  const kept: number[] = []
  for (const [i, value] of mask.data.entries()) {
    if (value / 255 > DRAWN_ABOVE) masked.push(i)
    if (value / 255 < KEPT_BELOW) kept.push(i)
  }
  const output = new Uint8Array(data.length)
  for (let c = 0; c < CHANNELS; c += 1) {
    const own = Float64Array.from(masked, (i) => noise[c]![i]!)
    const wanted = Float64Array.from(kept, (i) => data[CHANNELS * i + c]! / 255)
    const matched = wanted.length === 0 ? own : matchValues(own, wanted)
    masked.forEach((i, at) => (noise[c]![i] = matched[at]!))
    for (let i = 0; i < width * height; i += 1) {
      const share = mask.data[i]! / 255
      const value = (data[CHANNELS * i + c]! / 255) * (1 - share) + noise[c]![i]! * share
      output[CHANNELS * i + c] = Math.trunc(Math.min(Math.max(value, 0), 1) * 255)
    }
  }
  return { width, height, channels: CHANNELS, data: output }
}

/** Noise between 0 and 1, one plane a channel, with the phases and the spectrum of the picture's kept part. */
function shapeNoise(picture: Pixels, mask: Grey, { exponent, colourVariation }: NoiseShape): Float64Array[] {
  const spectra = readSpectra(picture, mask)
  const drawn = drawNoise(picture, colourVariation)
  const planes = spectra.map((spectrum, c) => {
    const soft = transformCentred(soften(transformCentred(drawn[c]!, { isInverse: false })), {
      isInverse: true,
    })
    soft.imaginary.fill(0)
    const field = transformCentred(soft, { isInverse: false })
    for (let i = 0; i < field.real.length; i += 1) {
      const power = field.real[i]! ** 2 + field.imaginary[i]! ** 2
      const length = Math.hypot(spectrum.real[i]!, spectrum.imaginary[i]!)
      // A frequency that the picture does not have has no phase either.
      const factor = length === 0 ? 0 : (power * length ** exponent) / length
      field.real[i] = spectrum.real[i]! * factor
      field.imaginary[i] = spectrum.imaginary[i]! * factor
    }
    return transformCentred(field, { isInverse: true }).real
  })
  return spread(planes)
}

function readSpectra({ width, height, data }: Pixels, mask: Grey): ComplexField[] {
  let [largest, sum] = [0, 0]
  for (const [at, value] of data.entries()) {
    const seen = (value / 255) * (1 - mask.data[Math.floor(at / CHANNELS)]! / 255)
    largest = Math.max(largest, seen)
    sum += value / 255
  }
  const average = sum / data.length
  return Array.from({ length: CHANNELS }, (_, c) => {
    const field = createField(height, width)
    for (let i = 0; i < width * height; i += 1) {
      const share = mask.data[i]! / 255
      const seen = (data[CHANNELS * i + c]! / 255) * (1 - share)
      field.real[i] = (largest === 0 ? 0 : seen / largest) + average * share
    }
    return transformCentred(field, { isInverse: false })
  })
}

/** Even noise, grey but for a share of colour. */
function drawNoise({ width, height }: Pixels, colourVariation: number): ComplexField[] {
  const uniform = createPcgUniform(SEED)
  const fields = Array.from({ length: CHANNELS }, () => createField(height, width))
  for (let i = 0; i < width * height; i += 1) {
    const colours = fields.map(() => uniform())
    const grey = colours.reduce((sum, colour) => sum + colour, 0) / CHANNELS
    for (const [c, field] of fields.entries())
      field.real[i] = colours[c]! * colourVariation + (1 - colourVariation) * grey
  }
  return fields
}

/** Weakens a spectrum away from its middle, by 1 / ((x² + 1)(y² + 1)) over a window whose short side reaches ±1. */
function soften(field: ComplexField): ComplexField {
  const { rows, columns, real, imaginary } = field
  const short = Math.min(rows, columns)
  const place = (at: number, size: number) => ((at / size) * 2 - 1) * (size / short)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const weight = 1 / ((place(row, rows) ** 2 + 1) * (place(column, columns) ** 2 + 1))
      real[row * columns + column]! *= weight
      imaginary[row * columns + column]! *= weight
    }
  }
  return field
}

/** Brings all planes together to 0…1. */
function spread(planes: Float64Array[]): Float64Array[] {
  let [low, high] = [Infinity, -Infinity]
  for (const plane of planes) {
    for (const value of plane) {
      low = Math.min(low, value)
      high = Math.max(high, value)
    }
  }
  const range = high - low
  return planes.map((plane) => plane.map((value) => (range === 0 ? 0 : (value - low) / range)))
}
