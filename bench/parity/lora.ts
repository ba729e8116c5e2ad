/** Compares adapters with what ComfyUI, A1111 and Diffusers make of them. Run: node --import tsx bench/parity/lora.ts */
import { readdirSync } from 'node:fs'
import { ModelFile, ModelKind, type ModelRef } from '@atelier/proto'
import type { AdapterFlavour } from '../../apps/gpu-worker/src/engine/adapters/adapter-format.ts'
import { withChanges, type AppliedAdapter } from '../../apps/gpu-worker/src/engine/adapters/derive-weights.ts'
import { computeWeight } from '../../apps/gpu-worker/src/engine/adapters/test-kit.ts'
import { readSafetensors } from '../../apps/gpu-worker/src/engine/checkpoint/safetensors.ts'
import { openTextWeights } from '../../apps/gpu-worker/src/engine/checkpoint/text-names.ts'
import {
  openCheckpoint,
  type CheckpointSource,
} from '../../apps/gpu-worker/src/engine/models/checkpoint-source.ts'
import { deriveModel } from '../../apps/gpu-worker/src/engine/models/derive-model.ts'
import type { AdapterRef } from '../../apps/gpu-worker/src/engine/models/adapter-refs.ts'
import { ModelStore } from '../../apps/gpu-worker/src/engine/models/model-store.ts'
import type { Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { openFixture, readCases } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { encodeComfyPrompt } from '../../apps/gpu-worker/src/engine/text-encode/encode-comfy-prompt.ts'
import type { TextEncoderKey } from '../../apps/gpu-worker/src/engine/text-encode/text-encoder.ts'
import { TextModels } from '../../apps/gpu-worker/src/engine/text-models.ts'
import { compareCase, compareValues, findFixtures, report, type Comparison } from './report.ts'
import { TinyModels } from './tiny-models.ts'

const folder = findFixtures()
if (folder === undefined) process.exit(0)
const recordings = `${folder}models/lora/`
/** Outputs of a network, and changed weights. */
const [NETWORK, WEIGHT] = [2e-5, 2e-6]

type Family = 'sd1' | 'sdxl'
interface Row {
  readonly case?: string
  readonly prompt?: string
  readonly file?: string
  readonly strength?: number
  readonly strength_model?: number
  readonly strength_clip?: number
  readonly stack?: readonly (readonly [name: string, strength: number])[]
  readonly touched?: readonly string[]
}

const tiny = new TinyModels(folder)
const paths = { sd1: tiny.unpack('sd1'), sdxl: tiny.unpack('sdxl') }
const sources: Record<Family, CheckpointSource> = {
  sd1: openCheckpoint(paths.sd1),
  sdxl: openCheckpoint(paths.sdxl),
}
const checkpointRef = (family: Family): ModelRef => ({
  ...{ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: family, identity: family },
})
const loraRef = (name: string): ModelRef => ({ kind: ModelKind.MODEL_KIND_LORA, name, identity: name })
const listed = [
  ...(['sd1', 'sdxl'] as const).map((family) => ({ ...checkpointRef(family), path: paths[family] })),
  ...readdirSync(`${recordings}files`).map((name) => ({
    ...loraRef(name),
    path: `${recordings}files/${name}`,
  })),
]
const store = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
})
store.setFiles(listed.map((file) => ModelFile.fromPartial(file)))
const texts = new TextModels({ webui: () => new Map(), comfy: () => undefined })
const error = (actual: Tensor, expected: Tensor, tolerance: number) =>
  compareValues(actual.data, expected.data, () => tolerance)
const open = (path: string) => openFixture(new URL(`file://${recordings}${path}`))

const comparisons: Comparison[] = []
const compare = async (group: string, name: string, compute: () => Promise<number>) =>
  comparisons.push(await compareCase(group, name, compute))

function toAdapters(family: Family, row: Row): AdapterRef[] {
  const files = row.stack?.map(
    ([name, strength]) => [`${family}_${name}.safetensors`, strength] as const,
  ) ?? [[row.file!.replace('files/', ''), row.strength ?? 0] as const]
  return files.map(([name, strength]) => ({
    file: loraRef(name),
    denoiserStrength: row.strength_model ?? strength,
    textStrength: row.strength_clip ?? strength,
  }))
}

/** Outputs of the changed networks; where nothing is recorded for one, those of the unchanged. */
async function compareOutputs(
  family: Family,
  results: string,
  [group, rows]: readonly [string, readonly Row[]],
) {
  const recorded = open(`${results}.safetensors`)
  const inputs = open(`${family}_results.safetensors`)
  const { prompt = '' } = readCases<Row>(new URL(`file://${recordings}${family}_results.jsonl`))[0]!
  const base = (part: 'unet' | 'text') => inputs.tensor(`${part}_without`)
  for (const row of rows) {
    const name = row.case!
    const use = await store.useCheckpoint(checkpointRef(family), {
      flavour: 'comfy',
      refs: toAdapters(family, row),
    })
    const { model } = use.value
    const expected = (part: 'unet' | 'text') =>
      recorded.has(`${name}.${part}`) ? recorded.tensor(`${name}.${part}`) : base(part)
    await compare(`${group}: denoiser`, name, async () => {
      const prediction = await model.predict({
        latent: inputs.tensor('x'),
        timesteps: inputs.tensor('timesteps').data,
        context: inputs.tensor('context'),
        ...(inputs.has('y') && { label: inputs.tensor('y') }),
      })
      return error(prediction, expected('unet'), NETWORK)
    })
    await compare(`${group}: text encoders`, name, async () => {
      const { tokens } = await encodeComfyPrompt(prompt, texts.comfy(model, undefined))
      return error(tokens, expected('text'), NETWORK)
    })
    use.done()
  }
}

function applied(name: string, strength: number): AppliedAdapter {
  return { name, file: readSafetensors(`${recordings}files/${name}.safetensors`), strengthOf: () => strength }
}

/** A weight under ComfyUI's name ("unet:diffusion_model.…", "text:clip_l.transformer.…"). */
async function changedWeight(
  family: Family,
  adapter: AppliedAdapter,
  [flavour, name]: readonly [AdapterFlavour, string],
): Promise<Tensor> {
  const { file, detected } = sources[family]
  const derivation = deriveModel(sources[family], [adapter], flavour)
  const [, key, own] = /^(?:text:)?(clip_\w)\.transformer\.(.*)$/.exec(name) ?? []
  if (own === undefined) {
    const tensor = detected.unet.prefix + name.replace(/^(unet:)?diffusion_model\./, '')
    return computeWeight(withChanges(file, derivation, 'denoiser'), tensor)
  }
  const config = detected.textEncoders.find((one) => one.key === key)!
  return computeWeight(withChanges(openTextWeights(file, config), derivation, key as TextEncoderKey), own)
}

async function compareComfyWeights(family: Family) {
  const path = `${family}_results.safetensors`
  const recorded = open(path)
  for (const key of readSafetensors(recordings + path).tensors.keys()) {
    const [, name, strength, weight] = /^(.*)@([\d.]+)\.weight\.(.*)$/.exec(key) ?? []
    if (weight === undefined) continue
    await compare(`ComfyUI, ${family}: changed weights`, key, async () => {
      const adapter = applied(`${family}_${name}`, Number(strength))
      return error(await changedWeight(family, adapter, ['comfy', weight]), recorded.tensor(key), WEIGHT)
    })
  }
}

/** ComfyUI counts a weight as touched whose change then fails for its shape; we tell of it instead. */
async function compareTouched(family: Family, rows: readonly Row[]) {
  for (const row of rows.filter(({ touched }) => touched !== undefined)) {
    await compare(`ComfyUI, ${family}: touched weights`, row.case!, async () => {
      const adapter = applied(row.file!.replace(/^files\/|\.safetensors$/g, ''), 1)
      const { changes, remarks } = deriveModel(sources[family], [adapter], 'comfy')
      const touched = [...changes].flatMap(([part, weights]) =>
        [...weights.keys()].map((name) =>
          part === 'denoiser'
            ? `diffusion_model.${name.replace(sources[family].detected.unet.prefix, '')}`
            : `${part}.transformer.${name}`,
        ),
      )
      const missing = row.touched!.filter((name) => !touched.includes(name))
      const told = [...remarks.values()].flat().filter((text) => text.includes('do not fit')).length
      return touched.every((name) => row.touched!.includes(name)) && missing.length === told ? 0 : Infinity
    })
  }
}

async function compareWebuiWeights() {
  const recorded = open('sd1_a1111_weights.safetensors')
  const keys = [...readSafetensors(`${recordings}sd1_a1111_weights.safetensors`).tensors.keys()]
  for (const key of keys) {
    const [, name, strength, weight = ''] = /^(.*)@([\d.]+?)\.(\D.*)$/.exec(key) ?? []
    await compare('A1111, sd1: changed weights', key, async () => {
      const adapter = applied(`sd1_${name}`, Number(strength))
      const full = weight.startsWith('text_model.') ? `clip_l.transformer.${weight}` : weight
      return error(await changedWeight('sd1', adapter, ['webui', full]), recorded.tensor(key), WEIGHT)
    })
  }
  const failing = readCases<{ case: string; modules: Record<string, string> }>(
    new URL(`file://${recordings}sd1_a1111_weights.jsonl`),
  ).filter(({ modules }) => Object.values(modules).some((text) => text.includes('Error')))
  for (const { case: name, modules } of failing) {
    await compare('A1111, sd1: layers that fail', name, async () => {
      const { remarks } = deriveModel(sources.sd1, [applied(`sd1_${name}`, 1)], 'webui')
      const count = Object.values(modules).filter((text) => text.includes('Error')).length
      return [...remarks.values()].flat().join().includes(`${count} modules do not fit`) ? 0 : Infinity
    })
  }
}

for (const family of ['sd1', 'sdxl'] as const) {
  const rows = readCases<Row>(new URL(`file://${recordings}${family}_results.jsonl`)).slice(1)
  await compareOutputs(family, `${family}_results`, [`ComfyUI, ${family}`, rows])
  await compareTouched(family, rows)
  await compareComfyWeights(family)
}
const peft = readCases<Row>(new URL(`file://${recordings}sd1_peft_results.jsonl`))
await compareOutputs('sd1', 'sd1_peft_results', ['Diffusers, sd1', peft])
await compareWebuiWeights()
await compare('Files that are refused', 'sd1_truncated', async () => {
  try {
    readSafetensors(`${recordings}files/sd1_truncated.safetensors`)
    return Infinity
  } catch (fault) {
    return (fault as Error).name === 'CheckpointError' ? 0 : Infinity
  }
})
process.exitCode = report('lora', 'LoRA and other adapters', comparisons) ? 0 : 1
await store.clear()
