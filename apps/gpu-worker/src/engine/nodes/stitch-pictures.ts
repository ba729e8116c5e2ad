import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { joinAxis, sliceAxis } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { opaqueChannel } from './fit-pictures.ts'
import { scaleTo } from './picture-nodes.ts'

const COLOURS: ReadonlyMap<string, readonly [number, number, number]> = new Map([
  ['white', [1, 1, 1]],
  ['black', [0, 0, 0]],
  ['red', [1, 0, 0]],
  ['green', [0, 1, 0]],
  ['blue', [0, 0, 1]],
])

/** Puts pictures beside each other as the ImageStitch node does. */
export function stitchPictures(inputs: NodeInputs): Tensor {
  const given = [inputs.value<Tensor>('image1'), inputs.optional<Tensor>('image2')] as const
  if (given[1] === undefined) return given[0]
  const direction = inputs.text('direction')
  const axis = direction === 'left' || direction === 'right' ? 2 : 1
  const name = inputs.text('spacing_color')
  const colour = COLOURS.get(name) ?? [1, 1, 1]
  const count = Math.max(given[0].shape[0]!, given[1].shape[0]!)
  const [first, second] = [repeatLast(given[0], count), repeatLast(given[1], count)]
  const sized = inputs.flag('match_image_size')
    ? [first, matchSide(second, first, axis)]
    : // Colours do not pad: what is aligned is white or black.
      alignAcross([first, second], axis, name === 'white' ? 1 : 0)
  const channels = Math.max(...sized.map(({ shape }) => shape[3]!))
  const parts = sized.map((image) => addChannels(image, channels))
  const spacing = inputs.integer('spacing_width')
  const gap = spacing > 0 ? [makeGap(parts, axis, { width: spacing + (spacing % 2), colour })] : []
  const [a, b] = direction === 'left' || direction === 'up' ? [parts[1]!, parts[0]!] : [parts[0]!, parts[1]!]
  return joinAxis([a, ...gap, b], axis)
}

function repeatLast(image: Tensor, count: number): Tensor {
  const own = image.shape[0]!
  if (own === count) return image
  const last = sliceAxis(image, 0, { from: own - 1 })
  return joinAxis([image, ...Array.from({ length: count - own }, () => last)], 0)
}

function matchSide(image: Tensor, like: Tensor, axis: 1 | 2): Tensor {
  const [height, width] = image.shape.slice(1, 3) as [number, number]
  const [likeHeight, likeWidth] = like.shape.slice(1, 3) as [number, number]
  const aspect = width / height
  const size =
    axis === 2
      ? { height: likeHeight, width: Math.trunc(likeHeight * aspect) }
      : { width: likeWidth, height: Math.trunc(likeWidth / aspect) }
  return scaleTo(image, size, 'lanczos')
}

function alignAcross(images: readonly Tensor[], axis: 1 | 2, value: number): Tensor[] {
  const other = axis === 2 ? 1 : 2
  const side = Math.max(...images.map(({ shape }) => shape[other]!))
  return images.map((image) => {
    const missing = side - image.shape[other]!
    const pad = (size: number) => {
      const block = createTensor(image.shape.map((n, at) => (at === other ? size : n)))
      block.data.fill(value)
      return block
    }
    const before = Math.floor(missing / 2)
    return missing === 0 ? image : joinAxis([pad(before), image, pad(missing - before)], other)
  })
}

function addChannels(image: Tensor, channels: number): Tensor {
  const missing = channels - image.shape[3]!
  return missing === 0 ? image : joinAxis([image, opaqueChannel(image, missing)], 3)
}

function makeGap(
  images: readonly Tensor[],
  axis: 1 | 2,
  { width, colour }: { width: number; colour: readonly number[] },
): Tensor {
  const other = axis === 2 ? 1 : 2
  const side = Math.max(...images.map(({ shape }) => shape[other]!))
  const shape = images[0]!.shape.map((n, at) => (at === axis ? width : at === other ? side : n))
  const gap = createTensor(shape)
  for (let i = 0; i < gap.data.length; i += 1) gap.data[i] = colour[i % shape[3]!] ?? 1
  return gap
}
