import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, parse } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { readTensor } from '../../apps/gpu-worker/src/engine/checkpoint/read-tensor.ts'
import { readWeightFile } from '../../apps/gpu-worker/src/engine/checkpoint/read-weight-file.ts'
import type { WeightFile } from '../../apps/gpu-worker/src/engine/checkpoint/weight-file.ts'
import { createClipTokenizers } from '../../apps/gpu-worker/src/engine/text-encode/clip-tokenizers.ts'
import { createClipTokenizer } from '../../apps/gpu-worker/src/engine/text-encode/clip-tokenizer.ts'
import { loadClipVocabulary } from '../../apps/gpu-worker/src/engine/text-encode/clip-vocabulary.ts'
import { readEmbeddingFile } from '../../apps/gpu-worker/src/engine/text-encode/embedding-file.ts'
import { encodeComfyPrompt } from '../../apps/gpu-worker/src/engine/text-encode/encode-comfy-prompt.ts'
import { encodeWebuiTexts } from '../../apps/gpu-worker/src/engine/text-encode/encode-webui-prompt.ts'
import type { TextEncoder } from '../../apps/gpu-worker/src/engine/text-encode/text-encoder.ts'
import {
  createComfyTextModel,
  createWebuiTextModel,
} from '../../apps/gpu-worker/src/engine/text-encode/text-models.ts'
import {
  readWebuiEmbedding,
  type EmbeddingTensors,
} from '../../apps/gpu-worker/src/engine/text-encode/textual-inversion.ts'
import {
  createReferenceEncoder,
  type ReferenceShape,
  type ReferenceWeights,
} from './reference-text-encoder.ts'
import { compareCase, compareValues, type Comparison } from './report.ts'
import { openTensors, readLines } from './sampling-fixtures.ts'

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- recordings are read field by field, each kind its own
type Row = Record<string, any>

const tolerance = () => 2e-5
const width = 64
const shapes = {
  clip_l: {
    key: 'clip_l',
    width,
    heads: 1,
    layerCount: 4,
    defaultLayer: 1,
    finalNorm: true,
    activation: 'quick_gelu',
  },
  clip_h: {
    key: 'clip_h',
    width,
    heads: 1,
    layerCount: 4,
    defaultLayer: 2,
    finalNorm: true,
    activation: 'gelu',
  },
  clip_g: {
    key: 'clip_g',
    width,
    heads: 1,
    layerCount: 3,
    defaultLayer: 2,
    finalNorm: false,
    activation: 'gelu',
  },
} as const satisfies Record<string, ReferenceShape>

function unpack(path: string): WeightFile {
  const target = join(mkdtempSync(join(tmpdir(), 'text-')), 'model.safetensors')
  writeFileSync(target, gunzipSync(readFileSync(path)))
  return readWeightFile(target)
}

function remember<Key, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<Key, Value>()
  return (key) => {
    const value = known.get(key) ?? compute(key)
    known.set(key, value)
    return value
  }
}

function readRows(file: WeightFile, name: string): (id: number) => Float32Array {
  const table = readTensor(file, name).data
  return (id) => table.subarray(id * width, (id + 1) * width)
}

/** Weights in the Hugging Face layout. */
function readHuggingFace(file: WeightFile, prefix: string): ReferenceWeights {
  return {
    token: readRows(file, `${prefix}embeddings.token_embedding.weight`),
    get: remember((name: string) => readTensor(file, `${prefix}${name}`).data),
  }
}

const openClipNames: readonly (readonly [RegExp, string])[] = [
  [/^encoder\.layers\.(\d+)\./, 'transformer.resblocks.$1.'],
  [/layer_norm/, 'ln_'],
  [/self_attn\.out_proj/, 'attn.out_proj'],
  [/mlp\.fc1/, 'mlp.c_fc'],
  [/mlp\.fc2/, 'mlp.c_proj'],
  [/final_ln_/, 'ln_final'],
  [/^embeddings\.position_embedding\.weight$/, 'positional_embedding'],
]

/** Weights in the OpenCLIP layout, under Hugging Face's names. */
function readOpenClip(file: WeightFile, prefix: string): ReferenceWeights {
  const read = (name: string) => readTensor(file, `${prefix}${name}`).data
  const projection = read('text_projection')
  return {
    token: readRows(file, `${prefix}token_embedding.weight`),
    get: remember((name: string) => {
      const part = /^encoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\.(weight|bias)$/.exec(name)
      if (part !== null) {
        const joined = read(`transformer.resblocks.${part[1]}.attn.in_proj_${part[3]}`)
        const size = joined.length / 3
        const third = 'qkv'.indexOf(part[2] ?? '')
        return joined.slice(third * size, (third + 1) * size)
      }
      return read(
        openClipNames.reduce(
          (renamed, [from, to]) => renamed.replace(from, to),
          name.replace('final_layer_norm', 'ln_final'),
        ),
      )
    }),
    projection: Float32Array.from(
      { length: width * width },
      (_, index) => projection[(index % width) * width + Math.floor(index / width)] ?? 0,
    ),
  }
}

function openModels(folder: string): Record<'sd1' | 'sd2' | 'sdxl' | 'refiner', readonly TextEncoder[]> {
  const open = (name: string) => unpack(`${folder}models/weights/${name}.safetensors.gz`)
  const xl = open('sdxl')
  const xlSmall = readHuggingFace(xl, 'conditioner.embedders.0.transformer.text_model.')
  return {
    sd1: [
      createReferenceEncoder(
        readHuggingFace(open('sd1'), 'cond_stage_model.transformer.text_model.'),
        shapes.clip_l,
      ),
    ],
    sd2: [createReferenceEncoder(readOpenClip(open('sd2'), 'cond_stage_model.model.'), shapes.clip_h)],
    sdxl: [
      createReferenceEncoder(xlSmall, { ...shapes.clip_l, defaultLayer: 2, finalNorm: false }),
      createReferenceEncoder(readOpenClip(xl, 'conditioner.embedders.1.model.'), shapes.clip_g),
    ],
    refiner: [
      createReferenceEncoder(readOpenClip(open('refiner'), 'conditioner.embedders.0.model.'), shapes.clip_g),
    ],
  }
}

const tokenizers = createClipTokenizers()
/** The recordings under models/ were made with transformers 5, whose tokenizer is the fast one. */
const recordedTokenizer = createClipTokenizer(loadClipVocabulary(), 'fast')

/** An embedding by ComfyUI's rule: its name, or its name with an extension. */
function findEmbedding(folder: string, name: string): EmbeddingTensors | undefined {
  const path = ['', '.safetensors', '.pt', '.bin']
    .map((extension) => folder + name + extension)
    .find((candidate) => existsSync(candidate))
  return path === undefined ? undefined : readEmbeddingFile(path).tensors
}

async function compareComfy(folder: string, models: ReturnType<typeof openModels>): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  const compare = async (
    group: string,
    path: string,
    encoders: readonly TextEncoder[],
    embeddingFolder?: string,
  ) => {
    const tensor = openTensors(`${folder}models/${path}.safetensors`)
    for (const row of readLines<Row>(`${folder}models/${path}.jsonl`)) {
      const model = createComfyTextModel({
        encoders,
        tokenizers: { ...tokenizers, comfy: recordedTokenizer },
        stopAtLayer: row['stop_at_clip_layer'] ?? undefined,
        findEmbedding: (name) =>
          embeddingFolder === undefined ? undefined : findEmbedding(embeddingFolder, name),
      })
      const compute = async () => {
        const { tokens, pooled } = await encodeComfyPrompt(row['prompt'], model)
        const pooledError = compareValues(pooled?.data ?? [], tensor(`${row['case']}.pooled`).data, tolerance)
        return Math.max(
          pooledError,
          compareValues(tokens.data, tensor(`${row['case']}.cond`).data, tolerance),
        )
      }
      comparisons.push(await compareCase(group, `${path} ${row['case']}`, compute))
    }
  }
  for (const name of ['sd1', 'sd2', 'sdxl', 'refiner'] as const)
    await compare(`ComfyUI conditioning ${name}`, `${name}/text_comfy`, models[name])
  for (const name of ['sd1', 'sdxl'] as const) {
    await compare(
      'ComfyUI embeddings',
      `textual_inversion/${name}_comfy`,
      models[name],
      `${folder}models/textual_inversion/files/${name}/`,
    )
  }
  return comparisons
}

async function compareWebui(folder: string, models: ReturnType<typeof openModels>): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  const compare = async (group: string, path: string, name: 'sd1' | 'sdxl', withEmbeddings = false) => {
    const tensor = openTensors(`${folder}models/${path}.safetensors`)
    const files = `${folder}models/textual_inversion/files/${name}/`
    const embeddings = new Map(
      (withEmbeddings ? readdirSync(files) : []).map((file) => [
        parse(file).name,
        readWebuiEmbedding(readEmbeddingFile(files + file).tensors),
      ]),
    )
    const model = createWebuiTextModel({ encoders: models[name], tokenizers, embeddings })
    for (const row of readLines<Row>(`${folder}models/${path}.jsonl`)) {
      if (row['loaded'] !== undefined) continue
      const prompts = (row['prompts'] ?? [row['prompt']]) as string[]
      const compute = async () => {
        const settings = {
          steps: 20,
          clipSkip: row['CLIP_stop_at_last_layers'] ?? 1,
          emphasis: row['emphasis'] ?? 'Original',
          commaBacktrack: 20,
        }
        if (row['error'] !== undefined) {
          const refusal = await encodeWebuiTexts(new Map([[prompts[0] ?? '', 1]]), model, settings).catch(
            (error: Error) => error.name,
          )
          return refusal === 'PromptError' ? 0 : Infinity
        }
        const conditionings = await encodeWebuiTexts(
          new Map(prompts.map((prompt) => [prompt, 1])),
          model,
          settings,
        )
        const data = conditionings.flatMap(({ tokens }) => Array.from(tokens.data))
        const error = compareValues(data, tensor(`${row['case']}.cond`).data, tolerance)
        if (name === 'sd1') return error
        const pooled = conditionings.flatMap((conditioning) => Array.from(conditioning.pooled?.data ?? []))
        return Math.max(error, compareValues(pooled, tensor(`${row['case']}.pooled`).data, tolerance))
      }
      comparisons.push(await compareCase(group, `${path} ${row['case']}`, compute))
    }
  }
  for (const name of ['sd1', 'sdxl'] as const) {
    await compare(`A1111 conditioning ${name}`, `${name}/text_a1111`, name)
    await compare('A1111 embeddings', `textual_inversion/${name}_a1111`, name, true)
  }
  return comparisons
}

/** Compares conditionings of both originals through a plain float64 encoder, so that only the text stages are judged. */
export async function compareConditioning(folder: string): Promise<Comparison[]> {
  const models = openModels(folder)
  return [...(await compareWebui(folder, models)), ...(await compareComfy(folder, models))]
}
