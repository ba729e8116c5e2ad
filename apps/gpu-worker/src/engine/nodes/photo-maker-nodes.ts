import { ModelKind } from '@atelier/proto'
import { EngineError } from '../engine-error.ts'
import type { ClipValue, NodeContext, PhotoMakerValue } from '../node-graph/node-context.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { sliceRows } from '../denoise/combine.ts'
import type { Conditioning } from '../text-encode/conditioning.ts'
import {
  encodeComfyTokens,
  tokenizeComfyPrompt,
  type ComfyTokens,
} from '../text-encode/encode-comfy-prompt.ts'
import type { WordChunk } from '../text-encode/prompt-comfy/tokenize-prompt.ts'
import { chunkLength, type TokenChunk } from '../text-encode/token-chunk.ts'
import { preparePictures } from '../vision/prepare-picture.ts'
import { findModelFile } from './find-file.ts'
import type { NodeTable } from './node-table.ts'
import { useTextEncodersOf } from './use-parts.ts'

/** The word that stands for whoever is in the picture. */
const TRIGGER = 'photomaker'

/** Somebody's face told beside a prompt. */
export const photoMakerNodes: NodeTable = {
  PhotoMakerLoader: async (inputs, { models }) => {
    const photoMaker = findModelFile(
      models,
      ModelKind.MODEL_KIND_PHOTOMAKER,
      inputs.text('photomaker_model_name'),
    )
    ;(await models.usePhotoMaker(photoMaker)).done()
    return { outputs: [{ photoMaker } satisfies PhotoMakerValue] }
  },
  PhotoMakerEncode: async (inputs, context) => {
    const text = inputs.text('text')
    // Words are counted from 1 between blanks, as the tokens' groups are.
    const place = text.split(' ').indexOf(TRIGGER) + 1
    const encoded = await encodeWithout(place, text, { clip: inputs.value<ClipValue>('clip'), context })
    if (place === 0) return { outputs: [[encoded]] }
    const { photoMaker } = inputs.value<PhotoMakerValue>('photomaker')
    const tokens = await fuse(encoded.tokens, place - 1, {
      photoMaker,
      image: inputs.value<Tensor>('image'),
      context,
    })
    return { outputs: [[{ ...encoded, tokens }]] }
  },
}

/** A prompt's encoding without its group of tokens at a place; 0: the whole prompt's. */
async function encodeWithout(
  place: number,
  text: string,
  { clip, context: { models, texts } }: { readonly clip: ClipValue; readonly context: NodeContext },
): Promise<Conditioning> {
  const use = await useTextEncodersOf(clip, models)
  try {
    const model = texts.comfy(use.value, clip.stopAtLayer)
    const tokens: ComfyTokens = new Map(
      model.encoders.map(({ key }) => {
        const chunks = tokenizeComfyPrompt(text, key, model)
        return [key, place === 0 ? chunks : chunks.map((chunk) => dropGroup(chunk, place))]
      }),
    )
    return await encodeComfyTokens(tokens, model)
  } finally {
    use.done()
  }
}

/** A chunk whose later tokens moved up to where a group was; its last token fills the end. */
function dropGroup({ tokens, weights, vectors, wordIds }: WordChunk, group: number): TokenChunk {
  const kept = wordIds.flatMap((id, position) => (id === group ? [] : [position]))
  const fill = (values: readonly number[]) =>
    values.map((_, position) => values[kept[position] ?? chunkLength - 1]!)
  return {
    tokens: fill(tokens),
    weights: fill(weights),
    vectors: vectors.flatMap((use) => {
      const position = kept.indexOf(use.position)
      return position < 0 ? [] : [{ ...use, position }]
    }),
  }
}

/** Tokens [1, 77, width] of which the one at a place says what is seen in the first picture. */
async function fuse(
  tokens: Tensor,
  place: number,
  {
    photoMaker,
    image,
    context: { models },
  }: {
    readonly photoMaker: PhotoMakerValue['photoMaker']
    readonly image: Tensor
    readonly context: NodeContext
  },
): Promise<Tensor> {
  const [, count = 0, width = 0] = tokens.shape
  if (count !== chunkLength)
    throw new EngineError(
      'node-failed',
      `PhotoMaker takes prompts of one chunk, this one has ${count} tokens`,
      {
        exceptionType: 'IndexError',
      },
    )
  const use = await models.usePhotoMaker(photoMaker)
  try {
    const { contextWidth, imageSize } = use.value
    if (contextWidth !== width)
      throw new EngineError('node-failed', `the prompt is ${width} wide, PhotoMaker's are ${contextWidth}`)
    if (place >= chunkLength) return tokens
    const picture = preparePictures(sliceRows(image, 0, 1), imageSize, true)
    const at = { from: place * width, to: (place + 1) * width }
    const fused = await use.value.fuse(createTensor([1, width], tokens.data.slice(at.from, at.to)), picture)
    const changed = createTensor(tokens.shape, Float32Array.from(tokens.data))
    changed.data.set(fused.data, at.from)
    return changed
  } finally {
    use.done()
  }
}
