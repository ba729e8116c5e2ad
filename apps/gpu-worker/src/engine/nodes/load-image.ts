import { EngineError } from '../engine-error.ts'
import type { NodeExecution } from '../node-graph/node-context.ts'
import { joinRows } from '../denoise/combine.ts'
import type { Pixels } from '../image/pixels.ts'
import { readFrames } from '../source-image/read-frames.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** Side of the empty mask that stands for a picture without transparency. */
const EMPTY_MASK_SIDE = 64

/** Reads the frames of a picture [frames, height, width, 3] and their transparency as masks [frames, height, width]. */
export const loadImage: NodeExecution = async (inputs, { inputFiles }) => {
  const frames = await readInputFrames(inputs.text('image'), inputFiles)
  return { outputs: [joinRows(frames.map(toImage)), joinRows(frames.map(toMask))] }
}

/**
 * The frames of a picture of the input folder.
 * @throws EngineError `not-found`, or `node-failed` in the original's words for a file that is no picture
 */
export async function readInputFrames(
  reference: string,
  inputFiles: ReadonlyMap<string, Uint8Array>,
): Promise<Pixels[]> {
  const bytes = inputFiles.get(reference)
  if (bytes === undefined) {
    throw new EngineError('not-found', `the input picture ${reference} is not stored any more`, {
      exceptionType: 'FileNotFoundError',
    })
  }
  return readFrames(bytes).catch((error: unknown) => {
    throw describeUnreadable(bytes, reference, error)
  })
}

function toImage({ width, height, channels, data }: Pixels): Tensor {
  const image = createTensor([1, height, width, 3])
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) image.data[3 * i + c] = data[channels * i + c]! / 255
  }
  return image
}

function toMask({ width, height, channels, data }: Pixels): Tensor {
  if (channels === 3) return createTensor([1, EMPTY_MASK_SIDE, EMPTY_MASK_SIDE])
  const mask = createTensor([1, height, width])
  for (let i = 0; i < width * height; i += 1) mask.data[i] = 1 - data[4 * i + 3]! / 255
  return mask
}

/** First bytes of the formats that are recognised by them. */
const SIGNATURES = ['\x89PNG', '\xff\xd8\xff', 'GIF8', 'RIFF', 'BM', 'II*\0', 'MM\0*']

/** Says in the original's words that a file is no picture, or a damaged one. */
function describeUnreadable(bytes: Uint8Array, reference: string, cause: unknown): EngineError {
  const start = Buffer.from(bytes.subarray(0, 4)).toString('latin1')
  const isPicture = SIGNATURES.some((signature) => start.startsWith(signature))
  if (isPicture)
    return new EngineError('node-failed', 'Truncated File Read', { exceptionType: 'OSError', cause })
  return new EngineError('node-failed', `cannot identify image file '/input/${reference}'`, {
    exceptionType: 'PIL.UnidentifiedImageError',
    cause,
  })
}
