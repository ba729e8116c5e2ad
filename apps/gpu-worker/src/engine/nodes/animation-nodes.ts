import { encodeAnimatedPng } from '../image/animated-png.ts'
import { encodeAnimatedWebp } from '../image/animated-webp.ts'
import type { NodeAnswer, NodeContext } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { listPixels } from './encode-frames.ts'
import { keepOutputFile, type OutputFile } from './keep-output-file.ts'
import type { NodeTable } from './node-table.ts'

/** EXIF tags that the texts are written under, going down: model, maker, and those before. */
const FIRST_TAG = 0x0110
const EFFORTS: Readonly<Record<string, number>> = { default: 4, fastest: 0, slowest: 6 }

/** Pictures saved as the frames of an animation. */
export const animationNodes: NodeTable = {
  SaveAnimatedWEBP: async (inputs, context) => {
    const images = inputs.value<Tensor>('images')
    const texts = context
      .fileTexts()
      .map(({ keyword, text }, i): [number, string] => [FIRST_TAG - i, `${keyword}:${text}`])
    const bytes = await encodeAnimatedWebp(listPixels(images), {
      frameMs: readFrameMs(inputs),
      isLossless: inputs.flag('lossless'),
      quality: inputs.integer('quality'),
      effort: EFFORTS[inputs.text('method')] ?? EFFORTS['default']!,
      exifTexts: new Map(texts),
    })
    const file = { bytes, extension: 'webp', mediaType: 'image/webp' }
    return keepAnimation(inputs, { file, isAnimated: images.shape[0] !== 1 }, context)
  },
  SaveAnimatedPNG: async (inputs, context) => {
    const bytes = await encodeAnimatedPng(listPixels(inputs.value<Tensor>('images')), {
      frameMs: readFrameMs(inputs),
      compression: inputs.integer('compress_level'),
      texts: context.fileTexts(),
    })
    const file = { bytes, extension: 'png', mediaType: 'image/png' }
    return keepAnimation(inputs, { file, isAnimated: true }, context)
  },
}

function readFrameMs(inputs: NodeInputs): number {
  return Math.trunc(1000 / inputs.number('fps'))
}

async function keepAnimation(
  inputs: NodeInputs,
  { file, isAnimated }: { file: Pick<OutputFile, 'bytes' | 'extension' | 'mediaType'>; isAnimated: boolean },
  context: NodeContext,
): Promise<NodeAnswer> {
  const [, height, width] = inputs.value<Tensor>('images').shape as [number, number, number]
  const prefix = inputs.text('filename_prefix')
  const shown = await keepOutputFile({ ...file, prefix, size: { width, height } }, context)
  return { outputs: [], ui: { images: [shown], animated: [isAnimated] } }
}
