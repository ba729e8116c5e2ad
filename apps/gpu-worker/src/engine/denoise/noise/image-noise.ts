import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { joinRows } from '../combine.ts'
import { createGenerator, type GeneratorKind, type NormalGenerator } from './generator.ts'
import { slerp } from './slerp.ts'

/** How A1111 makes the noise of a batch. */
export interface ImageNoiseSettings {
  readonly kind: GeneratorKind
  /** [channels, height, width] of one image's latent. */
  readonly shape: readonly [number, number, number]
  readonly seeds: readonly bigint[]
  readonly subseeds: readonly bigint[]
  /** Share of the variation seed's noise, 0 to 1. */
  readonly subseedStrength: number
  /** Latent size the seed's noise is made for; absent: the image's. */
  readonly resizeFrom?: { readonly height: number; readonly width: number }
  /** Added to the seeds for all draws but the first (ENSD). */
  readonly etaSeedDelta: bigint
}

/** One generator an image: image i of a batch gets the noise it would get alone (A1111's ImageRNG). */
export class ImageNoise {
  readonly #settings: ImageNoiseSettings
  #generators: NormalGenerator[]
  #isFirst = true

  constructor(settings: ImageNoiseSettings) {
    this.#settings = settings
    this.#generators = settings.seeds.map((seed) => createGenerator(settings.kind, seed))
  }

  /** The next noise of the whole batch, [images, channels, height, width]; the first call gives the start noise. */
  next(): Tensor {
    const { shape, etaSeedDelta, seeds, kind } = this.#settings
    if (!this.#isFirst) return this.#stack(this.#generators.map((generator) => draw(generator, shape)))
    this.#isFirst = false
    const start = this.#stack(this.#generators.map((_, image) => this.#drawStart(image)))
    if (etaSeedDelta !== 0n) {
      this.#generators = seeds.map((seed) => createGenerator(kind, seed + etaSeedDelta))
    }
    return start
  }

  #drawStart(image: number): Tensor {
    const { shape, kind, seeds, subseeds, subseedStrength, resizeFrom } = this.#settings
    const [channels, height, width] = shape
    const source: readonly [number, number, number] = resizeFrom
      ? [channels, resizeFrom.height, resizeFrom.width]
      : shape
    const isResized = source[1] !== height || source[2] !== width
    // A resized start leaves the image's own generator for the surroundings.
    const generator = isResized ? createGenerator(kind, seeds[image]!) : this.#generators[image]!
    const subnoise =
      subseedStrength === 0 ? undefined : draw(createGenerator(kind, subseeds[image] ?? 0n), source)
    const own = draw(generator, source)
    const noise = subnoise ? slerp(subseedStrength, own, subnoise) : own
    return isResized ? pasteCentred(noise, draw(this.#generators[image]!, shape)) : noise
  }

  #stack(noises: readonly Tensor[]): Tensor {
    return joinRows(noises.map(({ shape, data }) => createTensor([1, ...shape], data)))
  }
}

function draw(generator: NormalGenerator, shape: readonly [number, number, number]): Tensor {
  return createTensor(shape, generator.drawNormal(shape[0] * shape[1] * shape[2]))
}

/** Puts the middle of one noise into the middle of another. */
function pasteCentred(noise: Tensor, onto: Tensor): Tensor {
  const [channels, fromHeight, fromWidth] = noise.shape as [number, number, number]
  const [, height, width] = onto.shape as [number, number, number]
  const [dx, dy] = [Math.floor((width - fromWidth) / 2), Math.floor((height - fromHeight) / 2)]
  const copyWidth = dx >= 0 ? fromWidth : fromWidth + 2 * dx
  const copyHeight = dy >= 0 ? fromHeight : fromHeight + 2 * dy
  const [toX, toY, fromX, fromY] = [Math.max(0, dx), Math.max(0, dy), Math.max(0, -dx), Math.max(0, -dy)]
  for (let c = 0; c < channels; c += 1) {
    for (let y = 0; y < Math.min(copyHeight, height - toY); y += 1) {
      for (let x = 0; x < Math.min(copyWidth, width - toX); x += 1) {
        onto.data[(c * height + y + toY) * width + x + toX] =
          noise.data[(c * fromHeight + y + fromY) * fromWidth + x + fromX]!
      }
    }
  }
  return onto
}
