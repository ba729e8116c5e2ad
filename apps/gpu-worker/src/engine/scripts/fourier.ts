/** A field of complex numbers, row by row. */
export interface ComplexField {
  readonly rows: number
  readonly columns: number
  readonly real: Float64Array
  readonly imaginary: Float64Array
}

/** A field of zeros. */
export function createField(rows: number, columns: number): ComplexField {
  const size = rows * columns
  return { rows, columns, real: new Float64Array(size), imaginary: new Float64Array(size) }
}

/**
 * The two-dimensional Fourier transform of a field, or its inverse, scaled so that lengths stay (NumPy's "ortho"), with
 * the origin in the middle of the field on both sides: as NumPy's `ifftshift(fft2(fftshift(field)))`.
 */
export function transformCentred(field: ComplexField, { isInverse }: { isInverse: boolean }): ComplexField {
  const output = shift(field, Math.floor)
  const { rows, columns } = output
  const across = createTransform(columns, isInverse)
  for (let row = 0; row < rows; row += 1) across(output, row * columns, 1)
  const down = createTransform(rows, isInverse)
  for (let column = 0; column < columns; column += 1) down(output, column, columns)
  const scale = 1 / Math.sqrt(rows * columns)
  for (const part of [output.real, output.imaginary])
    for (let i = 0; i < part.length; i += 1) part[i]! *= scale
  return shift(output, Math.ceil)
}

/** Rolls a field by half its size, rounded as asked for odd ones. */
function shift(
  { rows, columns, real, imaginary }: ComplexField,
  round: (half: number) => number,
): ComplexField {
  const output = createField(rows, columns)
  const [down, across] = [round(rows / 2), round(columns / 2)]
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const to = ((row + down) % rows) * columns + ((column + across) % columns)
      output.real[to] = real[row * columns + column]!
      output.imaginary[to] = imaginary[row * columns + column]!
    }
  }
  return output
}

/** Transforms one line of a field in place: its first place and the distance between its places are given. */
type LineTransform = (field: ComplexField, start: number, step: number) => void

/** Mixed-radix decimation in frequency that sorts itself (Stockham), unscaled. */
function createTransform(length: number, isInverse: boolean): LineTransform {
  const plan: Plan = { length, factors: factorise(length), twiddles: createTwiddles(length, isInverse) }
  let [from, to] = [createLine(length), createLine(length)]
  return ({ real, imaginary }, start, step) => {
    for (let i = 0; i < length; i += 1) {
      from.real[i] = real[start + i * step]!
      from.imaginary[i] = imaginary[start + i * step]!
    }
    let stride = 1
    for (const radix of plan.factors) {
      runStage(from, to, { plan, radix, stride })
      stride *= radix
      ;[from, to] = [to, from]
    }
    for (let i = 0; i < length; i += 1) {
      real[start + i * step] = from.real[i]!
      imaginary[start + i * step] = from.imaginary[i]!
    }
  }
}

interface Line {
  readonly real: Float64Array
  readonly imaginary: Float64Array
}

interface Plan {
  readonly length: number
  readonly factors: readonly number[]
  /** Powers of the length's root of one. */
  readonly twiddles: Line
}

interface FourierStage {
  readonly plan: Plan
  readonly radix: number
  /** Product of the radices before it. */
  readonly stride: number
}

/** One stage: butterflies of `radix` places that lie a part of the rest apart. */
function runStage(from: Line, to: Line, { plan, radix, stride }: FourierStage): void {
  const { length, twiddles } = plan
  const part = length / (stride * radix)
  const distance = stride * part
  for (let k = 0; k < part; k += 1) {
    for (let r = 0; r < radix; r += 1) {
      const turn = (k * r * stride) % length
      const [turnReal, turnImaginary] = [twiddles.real[turn]!, twiddles.imaginary[turn]!]
      for (let q = 0; q < stride; q += 1) {
        const at = q + stride * k
        let real = from.real[at]!
        let imaginary = from.imaginary[at]!
        for (let j = 1; j < radix; j += 1) {
          const a = from.real[at + j * distance]!
          const b = from.imaginary[at + j * distance]!
          const angle = ((j * r) % radix) * (length / radix)
          const cosine = twiddles.real[angle]!
          const sine = twiddles.imaginary[angle]!
          real += a * cosine - b * sine
          imaginary += a * sine + b * cosine
        }
        const target = q + stride * (radix * k + r)
        to.real[target] = real * turnReal - imaginary * turnImaginary
        to.imaginary[target] = real * turnImaginary + imaginary * turnReal
      }
    }
  }
}

function createTwiddles(length: number, isInverse: boolean): Line {
  const twiddles = createLine(length)
  for (let i = 0; i < length; i += 1) {
    const angle = ((isInverse ? 2 : -2) * Math.PI * i) / length
    twiddles.real[i] = Math.cos(angle)
    twiddles.imaginary[i] = Math.sin(angle)
  }
  return twiddles
}

function createLine(length: number): Line {
  return { real: new Float64Array(length), imaginary: new Float64Array(length) }
}

function factorise(length: number): number[] {
  const factors: number[] = []
  let rest = length
  for (let factor = 2; rest > 1; factor += factor === 2 ? 1 : 2) {
    if (factor * factor > rest) factor = rest
    for (; rest % factor === 0; rest /= factor) factors.push(factor)
  }
  return factors
}
