import { afterAll, describe, expect, it } from 'vitest'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { readTensor } from '../checkpoint/read-tensor.ts'
import { loadCheckpoint } from '../models/load-model.ts'
import { createTensor } from '../tensor/tensor.ts'
import { maxDifference, openFixture, readCases, TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'
import { createClipTokenizers } from './clip-tokenizers.ts'
import { encodeComfyPrompt, equalizeChunks, tokenizeComfyPrompt } from './encode-comfy-prompt.ts'
import { encodePrompts } from './encode-prompts.ts'
import {
  encodeWebuiNegativePrompt,
  encodeWebuiPrompt,
  encodeWebuiTexts,
  type WebuiTextSettings,
} from './encode-webui-prompt.ts'
import type { EmphasisMode } from './prompt-webui/parse-emphasis.ts'
import type { TextEncoder, TextEncoderRequest } from './text-encoder.ts'
import { createComfyTextModel, createWebuiTextModel } from './text-models.ts'
import { readWebuiEmbedding } from './textual-inversion.ts'

const fixture = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)
const tokenizers = createClipTokenizers()
const settings: WebuiTextSettings = { steps: 20, clipSkip: 1, emphasis: 'Original', commaBacktrack: 20 }

function readEmbeddingFile(name: string) {
  const file = readSafetensors(fixture(`embeddings/${name}.safetensors`).pathname)
  return new Map([...file.tensors.keys()].map((key) => [key, readTensor(file, key)]))
}

// Reference: Forge's ClassicTextProcessingEngine and ComfyUI's CLIP on the tiny SD1 checkpoint. Tolerance of one call: 2e-5.
const tolerance = 2e-5

describe('prompts through the tiny SD1 text encoder', () => {
  const loaded = loadCheckpoint(unpackTinyCheckpoint(), 'tiny', TEST_SESSION)
  const encoders = loaded.value.model.textEncoders
  afterAll(() => loaded.release())

  interface WebuiCase {
    readonly case: number
    readonly prompts: readonly string[]
    readonly emphasis: EmphasisMode
    readonly CLIP_stop_at_last_layers: number
  }
  const webuiTensors = openFixture(fixture('text_a1111.safetensors'))

  it.each(readCases<WebuiCase>(fixture('text_a1111.jsonl')))(
    'become the conditioning A1111 makes: case $case, $emphasis, clip skip $CLIP_stop_at_last_layers',
    async (row) => {
      const model = createWebuiTextModel({ encoders, tokenizers })
      const texts = new Map(row.prompts.map((prompt) => [prompt, 1]))
      const rowSettings = { ...settings, emphasis: row.emphasis, clipSkip: row.CLIP_stop_at_last_layers }
      const conditionings = await encodeWebuiTexts(texts, model, rowSettings)
      const wanted = webuiTensors.tensor(`${row.case}.cond`)
      const data = Float32Array.from(conditionings.flatMap(({ tokens }) => Array.from(tokens.data)))
      expect(maxDifference(createTensor(wanted.shape, data), wanted)).toBeLessThan(tolerance)
    },
  )

  interface ComfyCase {
    readonly case: string
    readonly prompt: string
    readonly stop_at_clip_layer: number | null
  }
  const comfyTensors = openFixture(fixture('text_comfy.safetensors'))

  it.each(readCases<ComfyCase>(fixture('text_comfy.jsonl')))(
    'become the conditioning ComfyUI makes: case $case, layer $stop_at_clip_layer',
    async (row) => {
      const model = createComfyTextModel({
        encoders,
        tokenizers,
        stopAtLayer: row.stop_at_clip_layer ?? undefined,
        findEmbedding: (name) => (name === 'missing' ? undefined : readEmbeddingFile(name)),
      })
      const { tokens, pooled } = await encodeComfyPrompt(row.prompt, model)
      expect(maxDifference(tokens, comfyTensors.tensor(`${row.case}.cond`))).toBeLessThan(tolerance)
      expect(maxDifference(pooled!, comfyTensors.tensor(`${row.case}.pooled`))).toBeLessThan(tolerance)
    },
  )

  it('differ where an embedding stands for a word', async () => {
    const embeddings = new Map([['learned', readWebuiEmbedding(readEmbeddingFile('learned'))]])
    const encode = (model: ReturnType<typeof createWebuiTextModel>) =>
      encodeWebuiPrompt('a learned cat', model, settings)
    const [plain] = await encode(createWebuiTextModel({ encoders, tokenizers }))
    const [withEmbedding] = await encode(createWebuiTextModel({ encoders, tokenizers, embeddings }))
    const [left, right] = [plain!, withEmbedding!].map((part) => part.schedule[0]!.conditioning.tokens)
    expect(maxDifference(left!, right!)).toBeGreaterThan(0.01)
  })
})

/** An encoder that answers with the ids it was given, as width-1 vectors, and remembers what it was asked. */
function createEchoEncoder(key: TextEncoder['key'], requests: TextEncoderRequest[] = []): TextEncoder {
  return {
    key,
    width: 1,
    layerCount: 12,
    defaultLayer: key === 'clip_l' ? 1 : 2,
    finalNorm: key !== 'clip_g',
    encode: (request) => {
      requests.push(request)
      const ids = Float32Array.from(request.tokens.flat())
      request.vectors.forEach(({ chunk, position, vector }) => ids.set(vector, chunk * 77 + position))
      const pooled = createTensor(
        [request.tokens.length, 1],
        Float32Array.from(request.tokens, (tokens) => tokens[1] ?? 0),
      )
      return Promise.resolve({ hidden: createTensor([request.tokens.length, 77, 1], ids), pooled })
    },
  }
}

describe("A1111's prompts", () => {
  const requests: TextEncoderRequest[] = []
  const model = createWebuiTextModel({ encoders: [createEchoEncoder('clip_l', requests)], tokenizers })

  it('are split at AND and follow their timelines', async () => {
    const parts = await encodeWebuiPrompt('a [cat:dog:0.25] AND river :-0.5', model, settings)
    expect(parts.map(({ weight }) => weight)).toEqual([1, -0.5])
    expect(parts.map(({ schedule }) => schedule.map(({ endAtStep }) => endAtStep))).toEqual([[5, 20], [20]])
    const firstIds = parts[0]!.schedule.map(({ conditioning }) =>
      Array.from(conditioning.tokens.data.slice(1, 3)),
    )
    expect(firstIds).toEqual([
      [320, 2368],
      [320, 1929],
    ])
  })

  it('ask the encoder once for each different text of a timeline', async () => {
    requests.length = 0
    await encodeWebuiPrompt('[cat|dog]', model, settings)
    expect(requests.map(({ tokens }) => tokens.length)).toEqual([2])
  })

  it('give shorter texts of a timeline empty chunks', async () => {
    const [part] = await encodeWebuiPrompt('[a BREAK b|c]', model, settings)
    expect(part?.schedule.map(({ conditioning }) => conditioning.tokens.shape)).toEqual(
      Array.from({ length: 20 }, () => [1, 154, 1]),
    )
    const short = part?.schedule[1]?.conditioning.tokens.data
    expect(Array.from(short?.subarray(77, 80) ?? [])).toEqual([49406, 49407, 49407])
  })

  it('lose their extra-network tags, except in the negative prompt', async () => {
    const [part] = await encodeWebuiPrompt('<lora:x:1>cat', model, settings)
    expect(part?.schedule[0]?.conditioning.tokens.data[1]).toBe(2368)
    const [negative] = await encodeWebuiNegativePrompt('<lora:x:1>cat AND dog', model, settings)
    expect(negative?.conditioning.tokens.data[1]).not.toBe(2368)
  })

  it.each([
    ['clip_l', 3, 3],
    ['clip_h', 3, 2],
    ['clip_g', 3, 2],
  ] as const)('use %s at clip skip %i from layer %i', async (key, clipSkip, layer) => {
    const asked: TextEncoderRequest[] = []
    const one = createWebuiTextModel({ encoders: [createEchoEncoder(key, asked)], tokenizers })
    await encodeWebuiPrompt('a', one, { ...settings, clipSkip })
    expect(asked[0]?.layer).toBe(layer)
  })

  it('join both encoders of SDXL, pad the second with 0 and pool from it', async () => {
    const pair = { encoders: [createEchoEncoder('clip_l'), createEchoEncoder('clip_g')], tokenizers }
    const [part] = await encodeWebuiPrompt('cat!', createWebuiTextModel(pair), settings)
    const { tokens, pooled } = part!.schedule[0]!.conditioning
    expect(tokens.shape).toEqual([1, 77, 2])
    // "!" is the second tokenizer's padding token.
    expect(Array.from(tokens.data.subarray(2, 10))).toEqual([2368, 2368, 256, 0, 49407, 49407, 49407, 0])
    expect(Array.from(pooled!.data)).toEqual([2368])
  })

  it('become zeros for an empty negative prompt of SDXL alone', async () => {
    const pair = { encoders: [createEchoEncoder('clip_l'), createEchoEncoder('clip_g')], tokenizers }
    const [zeros] = await encodeWebuiNegativePrompt('', createWebuiTextModel(pair), settings)
    expect(zeros?.conditioning.tokens.data.every((value) => value === 0)).toBe(true)
    expect(zeros?.conditioning.pooled?.data).toEqual(new Float32Array(1))
    const [kept] = await encodeWebuiNegativePrompt('', model, settings)
    expect(kept?.conditioning.tokens.data[0]).toBe(49406)
  })

  it('put the vectors of a fitting embedding in their places', async () => {
    const table = createTensor([2, 1], Float32Array.of(-1, -2))
    const wide = createTensor([1, 2])
    const embeddings = new Map([
      ['mystyle', readWebuiEmbedding(new Map([['emb_params', table]]))],
      ['wide', readWebuiEmbedding(new Map([['emb_params', wide]]))],
    ])
    const withEmbeddings = createWebuiTextModel({
      encoders: [createEchoEncoder('clip_l')],
      tokenizers,
      embeddings,
    })
    const [part] = await encodeWebuiPrompt('a mystyle wide', withEmbeddings, {
      ...settings,
      emphasis: 'No norm',
    })
    const { tokens } = part!.schedule[0]!.conditioning
    expect(Array.from(tokens.data.subarray(0, 6))).toEqual([49406, 320, -1, -2, 3184, 49407])
  })

  it('are encoded once for all images that share them', async () => {
    requests.length = 0
    const image = { prompt: 'cat', negativePrompt: 'dog' }
    const encoded = await encodePrompts([image, image, { ...image, prompt: 'fox' }], model, settings)
    expect(requests).toHaveLength(3)
    expect(encoded[1]?.positive).toBe(encoded[0]?.positive)
    expect(encoded[2]?.negative).toBe(encoded[0]?.negative)
  })

  it('stop when the job was cancelled', async () => {
    const cancel = () => {
      throw new Error('cancelled')
    }
    await expect(
      encodePrompts([{ prompt: 'a', negativePrompt: '' }], model, settings, cancel),
    ).rejects.toThrow('cancelled')
  })
})

describe("ComfyUI's prompts", () => {
  it('encode the empty prompt only for weights', async () => {
    const requests: TextEncoderRequest[] = []
    const model = createComfyTextModel({ encoders: [createEchoEncoder('clip_l', requests)], tokenizers })
    await encodeComfyPrompt('a cat', model)
    const { tokens } = await encodeComfyPrompt('a (cat:0.5)', model)
    expect(requests.map((request) => request.tokens.length)).toEqual([1, 2])
    expect(tokens.data[2]).toBe(49407 + 0.5 * (2368 - 49407))
  })

  it.each([
    [-1, 1],
    [-3, 3],
    [-24, 1],
    [undefined, 2],
  ])('take layer %j of all encoders from %i', async (stopAtLayer, layer) => {
    const requests: TextEncoderRequest[] = []
    const model = createComfyTextModel({
      encoders: [createEchoEncoder('clip_g', requests)],
      tokenizers,
      stopAtLayer,
    })
    await encodeComfyPrompt('a', model)
    expect(requests[0]?.layer).toBe(layer)
  })

  it('leave a vector of another width out and move what follows up', async () => {
    const table = createTensor([2, 3])
    const model = createComfyTextModel({
      encoders: [createEchoEncoder('clip_l')],
      tokenizers,
      findEmbedding: () => new Map([['emb_params', table]]),
    })
    const { tokens } = await encodeComfyPrompt('a embedding:x cat', model)
    expect(Array.from(tokens.data.subarray(0, 5))).toEqual([49406, 320, 2368, 49407, 49407])
  })

  it('can be of two lengths for two encoders, made equal by empty chunks', () => {
    const model = createComfyTextModel({ encoders: [], tokenizers })
    const tokens = equalizeChunks(
      new Map([
        ['clip_l', tokenizeComfyPrompt('river '.repeat(80), 'clip_l', model)],
        ['clip_g', tokenizeComfyPrompt('cat', 'clip_g', model)],
      ]),
    )
    expect([...tokens.values()].map(({ length }) => length)).toEqual([2, 2])
    expect(tokens.get('clip_g')?.[1]?.tokens.slice(0, 3)).toEqual([49406, 49407, 0])
  })
})
