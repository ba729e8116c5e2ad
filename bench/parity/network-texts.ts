import { readFileSync, writeFileSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { detectText } from '../../apps/gpu-worker/src/engine/checkpoint/detect-text.ts'
import { readSafetensors } from '../../apps/gpu-worker/src/engine/checkpoint/safetensors.ts'
import { prepareTextEncoder } from '../../apps/gpu-worker/src/engine/models/prepare-text-encoder.ts'
import { LazySessions } from '../../apps/gpu-worker/src/engine/onnx/lazy-sessions.ts'
import { openFixture, TEST_SESSION } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { createClipTokenizer } from '../../apps/gpu-worker/src/engine/text-encode/clip-tokenizer.ts'
import { createClipTokenizers } from '../../apps/gpu-worker/src/engine/text-encode/clip-tokenizers.ts'
import { loadClipVocabulary } from '../../apps/gpu-worker/src/engine/text-encode/clip-vocabulary.ts'
import { encodeComfyPrompt } from '../../apps/gpu-worker/src/engine/text-encode/encode-comfy-prompt.ts'
import { encodeWebuiTexts } from '../../apps/gpu-worker/src/engine/text-encode/encode-webui-prompt.ts'
import type { EmphasisMode } from '../../apps/gpu-worker/src/engine/text-encode/prompt-webui/parse-emphasis.ts'
import type { TextEncoder } from '../../apps/gpu-worker/src/engine/text-encode/text-encoder.ts'
import {
  createComfyTextModel,
  createWebuiTextModel,
} from '../../apps/gpu-worker/src/engine/text-encode/text-models.ts'
import { compareCase, compareValues, type Comparison } from './report.ts'
import { absolute, readLines } from './sampling-fixtures.ts'
import type { TinyModels } from './tiny-models.ts'

const NETWORK = absolute(2e-5)
/** Layers inside a network. */
const HIDDEN = absolute(5e-5)
/** The recordings were made with transformers 5, whose tokenizer is the fast one. */
const tokenizers = { ...createClipTokenizers(), comfy: createClipTokenizer(loadClipVocabulary(), 'fast') }

interface ComfyRow {
  readonly case: number
  readonly prompt: string
  readonly stop_at_clip_layer: number | null
}

async function compareComfy(folder: string, models: TinyModels): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  for (const name of ['sd1', 'sd2', 'sdxl', 'refiner'] as const) {
    const { textEncoders: encoders } = models.open(name).model
    const tensors = openFixture(new URL(`file://${folder}models/${name}/text_comfy.safetensors`))
    for (const row of readLines<ComfyRow>(`${folder}models/${name}/text_comfy.jsonl`)) {
      const stopAtLayer = row.stop_at_clip_layer ?? undefined
      comparisons.push(
        await compareCase(`Text encoders, ComfyUI, ${name}`, String(row.case), async () => {
          const model = createComfyTextModel({ encoders, tokenizers, stopAtLayer })
          const { tokens, pooled } = await encodeComfyPrompt(row.prompt, model)
          return Math.max(
            compareValues(tokens.data, tensors.tensor(`${row.case}.cond`).data, NETWORK),
            compareValues(pooled?.data ?? [], tensors.tensor(`${row.case}.pooled`).data, NETWORK),
          )
        }),
      )
    }
  }
  return comparisons
}

interface WebuiRow {
  readonly case: number
  readonly prompts: readonly string[]
  readonly emphasis: EmphasisMode
  /** SDXL's recordings name it one way, SD1's the other. */
  readonly clip_skip?: number
  readonly CLIP_stop_at_last_layers?: number
}

async function compareWebui(folder: string, models: TinyModels): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  for (const name of ['sd1', 'sdxl'] as const) {
    const model = createWebuiTextModel({ encoders: models.open(name).model.textEncoders, tokenizers })
    const tensors = openFixture(new URL(`file://${folder}models/${name}/text_a1111.safetensors`))
    for (const row of readLines<WebuiRow>(`${folder}models/${name}/text_a1111.jsonl`)) {
      const clipSkip = row.clip_skip ?? row.CLIP_stop_at_last_layers ?? 1
      const settings = { steps: 20, commaBacktrack: 20, clipSkip, emphasis: row.emphasis }
      const expected = (part: string) => tensors.tensor(`${row.case}.${part}`).data
      comparisons.push(
        await compareCase(`Text encoders, A1111, ${name}`, String(row.case), async () => {
          const encoded = await encodeWebuiTexts(
            new Map(row.prompts.map((text) => [text, 1])),
            model,
            settings,
          )
          const error = compareValues(
            encoded.flatMap(({ tokens }) => [...tokens.data]),
            expected('cond'),
            NETWORK,
          )
          if (name === 'sd1') return error
          const pooled = encoded.flatMap((one) => [...(one.pooled?.data ?? [])])
          return Math.max(error, compareValues(pooled, expected('pooled'), NETWORK))
        }),
      )
    }
  }
  return comparisons
}

/** Encoders of two heads in both layouts, every hidden layer. */
async function compareWide(folder: string): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  for (const name of ['clip_l_like', 'bigg_like'] as const) {
    const encoder = openWide(`${folder}models/text_wide/${name}.safetensors.gz`, name)
    const tensors = openFixture(new URL(`file://${folder}models/text_wide/${name}_outputs.safetensors`))
    const { shape, data } = tensors.tensor('ids')
    const tokens = Array.from({ length: shape[0]! }, (_, i) => [...data.subarray(77 * i, 77 * (i + 1))])
    const encode = (layer: number, finalNorm: boolean) =>
      encoder.encode({ tokens, vectors: [], layer, finalNorm })
    const compare = (part: string, compute: () => Promise<ArrayLike<number>>, tolerance = HIDDEN) =>
      compareCase('Text encoders of two heads', `${name} ${part}`, async () =>
        compareValues(await compute(), tensors.tensor(part).data, tolerance),
      )
    for (let index = 1; index <= encoder.layerCount; index += 1) {
      const hidden = async () => (await encode(encoder.layerCount + 1 - index, false)).hidden.data
      comparisons.push(await compare(`hidden_states.${index}`, hidden))
    }
    comparisons.push(
      await compare('last_hidden_state', async () => (await encode(1, true)).hidden.data, NETWORK),
      await compare('text_embeds', async () => (await encode(1, true)).pooled?.data ?? [], NETWORK),
    )
  }
  return comparisons
}

function openWide(path: string, name: string): TextEncoder {
  const unpacked = join(mkdtempSync(join(tmpdir(), 'wide-')), `${name}.safetensors`)
  writeFileSync(unpacked, gunzipSync(readFileSync(path)))
  const file = readSafetensors(unpacked)
  const use = { key: name === 'bigg_like' ? 'clip_g' : 'clip_l', defaultLayer: 2, finalNorm: false } as const
  const found = ['', 'text_model.'].map((prefix) => detectText(file, prefix, use))
  const config = found.find((one) => one !== undefined)
  if (config === undefined) throw new Error(`${name} holds no text encoder`)
  return prepareTextEncoder(file, config, new LazySessions(TEST_SESSION))
}

/** Compares prompts of both originals through the real networks, and the networks' layers. */
export async function compareTexts(folder: string, models: TinyModels): Promise<Comparison[]> {
  return [
    ...(await compareComfy(folder, models)),
    ...(await compareWebui(folder, models)),
    ...(await compareWide(folder)),
  ]
}
