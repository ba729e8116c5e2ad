import type { NodeExecution } from '../node-graph/node-context.ts'
import { createTensor } from '../tensor/tensor.ts'
import { readInputFrames } from './load-image.ts'

/** Places of the channels; alpha stands for what is not covered. */
const CHANNELS = ['red', 'green', 'blue', 'alpha']

/** Reads one channel of a picture's first frame as a mask [1, height, width]. */
export const loadImageMask: NodeExecution = async (inputs, { inputFiles }) => {
  const [frame] = await readInputFrames(inputs.text('image'), inputFiles)
  const { width, height, channels, data } = frame!
  const channel = CHANNELS.indexOf(inputs.text('channel'))
  const mask = createTensor([1, height, width])
  for (let i = 0; i < width * height; i += 1) {
    const value = channel < channels ? data[channels * i + channel]! / 255 : 1
    mask.data[i] = channel === 3 ? 1 - value : value
  }
  return { outputs: [mask] }
}
