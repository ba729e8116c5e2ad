import { findNetworkPreprocessor, type NetworkPreprocessor } from '@atelier/catalog'
import { EngineError } from '../../engine-error.ts'
import type { Pixels } from '../../image/pixels.ts'
import { resizeRaster } from '../../opencv/resize.ts'
import type { Size } from '../../opencv/raster.ts'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import type { PreprocessNetwork } from './preprocess-network.ts'
import type { PreprocessorSettings } from './preprocessor.ts'
import { cutPadding, toWorkingPicture } from './working-picture.ts'

/** Mean and deviation of ImageNet's red, green and blue, 0 to 1. */
const MEAN = [0.485, 0.456, 0.406] as const
const DEVIATION = [0.229, 0.224, 0.225] as const

/**
 * Makes a control picture with a network: at the working size, which is brought to a size the network takes.
 * @throws EngineError `unusable-model` when its output is no map of the picture
 */
export async function preprocessWithNetwork(
  module: string,
  picture: Pixels,
  { resolution, thresholdA, thresholdB }: PreprocessorSettings,
  network: PreprocessNetwork,
): Promise<Pixels> {
  const kind = findNetworkPreprocessor(module)
  if (kind === undefined)
    throw new EngineError('invalid-request', `the preprocessor ${module} is no network alone`)
  const { fitted, padded } = toWorkingPicture(picture, resolution)
  const size = (await network.size()) ?? roundUp(padded, kind.multiple)
  const answer = await network.run(toInput(resize(padded, size), kind))
  const made = toMap(answer, kind, { removesNear: thresholdA / 100, removesFar: thresholdB / 100 })
  return cutPadding(resize(made, padded), fitted)
}

function roundUp({ width, height }: Size, multiple: number): Size {
  const up = (side: number) => Math.ceil(side / multiple) * multiple
  return { width: up(width), height: up(height) }
}

function resize(picture: Pixels, size: Size): Pixels {
  if (picture.width === size.width && picture.height === size.height) return picture
  return resizeRaster(picture, { width: size.width, height: size.height }, 'cubic')
}

function toInput({ width, height, data }: Pixels, { input, takesBlueFirst }: NetworkPreprocessor): Tensor {
  const plane = width * height
  const image = createTensor([1, 3, height, width])
  for (let c = 0; c < 3; c += 1) {
    const from = takesBlueFirst === true ? 2 - c : c
    for (let i = 0; i < plane; i += 1)
      image.data[c * plane + i] = toSample(data[3 * i + from]!, { from, to: c }, input)
  }
  return image
}

/** `from` is the picture's channel, `to` the network's. */
function toSample(
  byte: number,
  { from, to }: { readonly from: number; readonly to: number },
  input: NetworkPreprocessor['input'],
): number {
  if (input === 'bytes') return byte
  if (input === 'signed') return byte / 127.5 - 1
  if (input === 'imagenet-bytes') return (byte - MEAN[to]!) / DEVIATION[to]!
  return input === 'unit' ? byte / 255 : (byte / 255 - MEAN[from]!) / DEVIATION[from]!
}

/** The first output as a picture: [height, width], [1, height, width] or [1, channels, height, width]. */
function toMap({ shape, data }: Tensor, kind: NetworkPreprocessor, limits: DepthLimits): Pixels {
  const [height = 0, width = 0] = shape.slice(-2)
  const plane = height * width
  const channels = kind.output === 'normals' ? 3 : 1
  if (plane === 0 || data.length < channels * plane) {
    const text = `the network of ${kind.name} gives ${shape.join('x')}, no map of ${channels} channels`
    throw new EngineError('unusable-model', text)
  }
  const scale = scaleOf(data.subarray(0, plane), kind, limits)
  const output = new Uint8Array(3 * plane)
  for (let i = 0; i < plane; i += 1) {
    for (let c = 0; c < 3; c += 1) {
      const value = scale(data[(channels === 3 ? c * plane : 0) + i]!)
      output[3 * i + c] = Math.trunc(Math.min(Math.max(value, 0), 255))
    }
  }
  return { width, height, channels: 3, data: output }
}

/** Shares of the depth that are left out, black. */
interface DepthLimits {
  readonly removesNear: number
  readonly removesFar: number
}

function scaleOf(
  values: Float32Array,
  kind: NetworkPreprocessor,
  limits: DepthLimits,
): (value: number) => number {
  if (kind.output === 'depth') return spread(values)
  return kind.output === 'distance' ? turnRound(spread(values), limits) : toByteScale(kind)
}

/** The nearest is white; levels are cut off as the extension cuts them, the near ones before it turns them round. */
function turnRound(
  spreadOut: (value: number) => number,
  { removesNear, removesFar }: DepthLimits,
): (value: number) => number {
  const cut = (level: number, share: number) => (level > Math.floor(share * 255) || share === 0 ? level : 0)
  return (value) => cut(255 - cut(Math.round(spreadOut(value)), removesNear), removesFar)
}

/** The nearest is white, the furthest black. */
function spread(values: Float32Array): (value: number) => number {
  let [low, high] = [Infinity, -Infinity]
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  return high > low ? (value) => ((value - low) / (high - low)) * 255 : () => 0
}

function toByteScale({ output, levels }: NetworkPreprocessor): (value: number) => number {
  if (output === 'normals') return (value) => (value * 0.5 + 0.5) * 255
  if (output === 'dark-lines') return (value) => 255 - value * 255
  // The extension's "safe" edges: few levels, which hide what the network saw of the picture.
  return (value) => (levels === undefined ? value : Math.trunc(value * (levels + 1)) / levels) * 255
}
