import { fromHsv, toHsv } from '../../opencv/hsv.ts'
import { dilateRaster, square } from '../../opencv/morphology.ts'
import { reflect, type FloatRaster, type Raster } from '../../opencv/raster.ts'
import type { Pixels } from '../../image/pixels.ts'
import { fromLab, toLab } from '../../inpaint/lab.ts'
import type { PreparedUnit } from './prepare-controls.ts'

/** What the units of a job do to each finished picture; pictures of another size are left as they are. */
export function finishControlled(picture: Pixels, units: readonly PreparedUnit[]): Pixels {
  return units.reduce((finished, { module, unit, first, second }) => {
    const { map } = second ?? first
    if (map.width !== finished.width || map.height !== finished.height) return finished
    if (module === 'inpaint_only' && map.channels === 4) return compositeOutside(finished, map, unit.edgeBlur)
    if (module === 'recolor_luminance')
      return replaceChannel(finished, map, { to: toLab, from: fromLab, channel: 0 })
    if (module === 'recolor_intensity')
      return replaceChannel(finished, map, { to: toHsv, from: fromHsv, channel: 2 })
    return finished
  }, picture)
}

/** Lays the control picture over what its mask leaves alone, with an edge that is `blur` pixels soft. */
function compositeOutside(picture: Pixels, map: Raster, blur: number): Pixels {
  const shares = softenMask(map, Math.max(blur, 1)).data
  const data = picture.data.map((value, i) => {
    const [pixel, channel] = [Math.floor(i / 3), i % 3]
    const share = shares[pixel]!
    if (share === 1) return value
    const kept = map.data[4 * pixel + channel]!
    return Math.trunc(Math.min(Math.max(share * value + (1 - share) * kept, 0), 255))
  })
  return { ...picture, data }
}

/** The mask grown by half a side and blurred over as much, 0 to 1. */
function softenMask({ width, height, data }: Raster, side: number): FloatRaster {
  const mask = Float32Array.from({ length: width * height }, (_, i) => data[4 * i + 3]! / 255)
  const grown = dilateRaster({ width, height, channels: 1, data: mask }, square(side | 1))
  return meanOf(meanOf(grown, side | 1, 'x'), side | 1, 'y')
}

function meanOf(source: FloatRaster, side: number, axis: 'x' | 'y'): FloatRaster {
  const { width, height, data } = source
  const radius = (side - 1) / 2
  const [length, step] = axis === 'x' ? [width, 1] : [height, width]
  const means = data.map((_, i) => {
    const at = Math.floor(i / step) % length
    let sum = 0
    for (let k = -radius; k <= radius; k += 1) sum += data[i + (reflect(at + k, length) - at) * step]!
    return sum / side
  })
  return { ...source, data: means }
}

interface ColourSpace {
  readonly to: (colours: Uint8Array) => Uint8Array
  readonly from: (converted: Uint8Array) => Uint8Array
  readonly channel: number
}

/** The picture with one channel of a colour space taken from the control picture. */
function replaceChannel(picture: Pixels, map: Raster, { to, from, channel }: ColourSpace): Pixels {
  const converted = to(picture.data)
  for (let i = 0; i < picture.width * picture.height; i += 1)
    converted[3 * i + channel] = Math.trunc(map.data[map.channels * i]!)
  return { ...picture, data: from(converted) }
}
