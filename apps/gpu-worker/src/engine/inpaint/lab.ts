/** White point of D65 in CIE XYZ, as OpenCV has it. */
const WHITE = { x: 0.950456, z: 1.088754 }
const LINEAR_LIMIT = 0.008856

const toGamma = (value: number): number =>
  value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055
const cube = (value: number): number => (value ** 3 > LINEAR_LIMIT ? value ** 3 : (value - 16 / 116) / 7.787)
const clampByte = (value: number): number => Math.min(Math.max(value, 0), 255)
const toByte = (value: number): number => clampByte(Math.round(value))

/** Fraction bits of OpenCV's integer conversion: of linear colours, of the matrix, of cube roots. */
const LINEAR_BITS = 3
const MATRIX_BITS = 12
const ROOT_BITS = MATRIX_BITS + LINEAR_BITS

/** Linear light of a byte, in steps of 1/8. */
const LINEAR = Int32Array.from({ length: 256 }, (_, i) => {
  const value = i / 255
  const linear = value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  return Math.round(255 * (1 << LINEAR_BITS) * linear)
})

/** L*a*b*'s curve over linear light up to one and a half times white. */
const ROOTS = Int32Array.from({ length: 256 * 1.5 * (1 << LINEAR_BITS) }, (_, i) => {
  const value = i / (255 * (1 << LINEAR_BITS))
  const root = value < LINEAR_LIMIT ? value * 7.787 + 16 / 116 : Math.cbrt(value)
  return Math.round((1 << ROOT_BITS) * root)
})

/** Rows of linear sRGB to CIE XYZ, white at 1. */
const MATRIX = [
  [0.412453, 0.35758, 0.180423].map((share) => Math.round(((1 << MATRIX_BITS) * share) / WHITE.x)),
  [0.212671, 0.71516, 0.072169].map((share) => Math.round((1 << MATRIX_BITS) * share)),
  [0.019334, 0.119193, 0.950227].map((share) => Math.round(((1 << MATRIX_BITS) * share) / WHITE.z)),
] as const

const LIGHTNESS = { scale: 296, shift: -Math.trunc((16 * 255 * (1 << ROOT_BITS) + 50) / 100) }
const descale = (value: number, bits: number): number => Math.floor((value + 2 ** (bits - 1)) / 2 ** bits)

/** sRGB bytes to CIE L*a*b* bytes (L x 2.55, a and b + 128), pixel after pixel, in OpenCV's integers. */
export function toLab(colours: Uint8Array): Uint8Array {
  const output = new Uint8Array(colours.length)
  for (let at = 0; at < colours.length; at += 3) {
    const [x, y, z] = MATRIX.map((row) => {
      const sum = row.reduce((total, share, c) => total + share * LINEAR[colours[at + c]!]!, 0)
      return ROOTS[descale(sum, MATRIX_BITS)]!
    }) as [number, number, number]
    const middle = 128 * (1 << ROOT_BITS)
    output[at] = clampByte(descale(LIGHTNESS.scale * y + LIGHTNESS.shift, ROOT_BITS))
    output[at + 1] = clampByte(descale(500 * (x - y) + middle, ROOT_BITS))
    output[at + 2] = clampByte(descale(200 * (y - z) + middle, ROOT_BITS))
  }
  return output
}

/** The reverse of `toLab`. */
export function fromLab(lab: Uint8Array): Uint8Array {
  const output = new Uint8Array(lab.length)
  for (let at = 0; at < lab.length; at += 3) {
    const y = (lab[at]! / 2.55 + 16) / 116
    const x = WHITE.x * cube(y + (lab[at + 1]! - 128) / 500)
    const z = WHITE.z * cube(y - (lab[at + 2]! - 128) / 200)
    const luminance = cube(y)
    const linear = [
      3.240479 * x - 1.53715 * luminance - 0.498535 * z,
      -0.969256 * x + 1.875991 * luminance + 0.041556 * z,
      0.055648 * x - 0.204043 * luminance + 1.057311 * z,
    ]
    linear.forEach((value, c) => (output[at + c] = toByte(toGamma(Math.min(Math.max(value, 0), 1)) * 255)))
  }
  return output
}
