/** Compares Diffusers folders with the networks and pipelines recorded from them. Run: node --import tsx bench/parity/diffusers.ts */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import {
  runDiffusersRecording,
  type DiffusersRecording,
} from '../../apps/gpu-worker/src/engine/denoise/test-kit/recorded-diffusers.ts'
import { readRecordings } from '../../apps/gpu-worker/src/engine/denoise/test-kit/read-recordings.ts'
import { loadCheckpoint } from '../../apps/gpu-worker/src/engine/models/load-model.ts'
import { openFixture, readCases, TEST_SESSION } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { encodeComfyPrompt } from '../../apps/gpu-worker/src/engine/text-encode/encode-comfy-prompt.ts'
import { createClipTokenizer } from '../../apps/gpu-worker/src/engine/text-encode/clip-tokenizer.ts'
import { createClipTokenizers } from '../../apps/gpu-worker/src/engine/text-encode/clip-tokenizers.ts'
import { loadClipVocabulary } from '../../apps/gpu-worker/src/engine/text-encode/clip-vocabulary.ts'
import { createComfyTextModel } from '../../apps/gpu-worker/src/engine/text-encode/text-models.ts'
import { decodePicture, runPipeline, startFromPicture, type PipelineRow } from './diffusers-pipelines.ts'
import { compareCase, compareValues, findFixtures, report, type Comparison } from './report.ts'

const folder = findFixtures()
if (folder === undefined) process.exit(0)
const here = (name: string) => new URL(`file://${folder}models/${name}`)
/** One network call, values of order 1. */
const NETWORK = () => 2e-5

/** Share of the bytes of a picture that may differ, by one. */
const PICTURE_SHARE = 0.02

interface TextRow {
  readonly case: number
  readonly prompt: string
  readonly stop_at_clip_layer: number | null
}

/** The recordings were made with transformers 5, whose tokenizer is the fast one. */
const tokenizers = { ...createClipTokenizers(), comfy: createClipTokenizer(loadClipVocabulary(), 'fast') }

/** A folder of the recordings, its weights unpacked, in a temporary one. */
function unpackFolder(name: string): string {
  const root = join(mkdtempSync(join(tmpdir(), 'diffusers-')), name)
  cpSync(here(`diffusers/${name}`).pathname, root, { recursive: true })
  const unpack = (at: string): void => {
    for (const entry of readdirSync(at)) {
      const path = join(at, entry)
      if (statSync(path).isDirectory()) unpack(path)
      else if (entry.endsWith('.gz')) {
        writeFileSync(path.slice(0, -'.gz'.length), gunzipSync(readFileSync(path)))
        rmSync(path, { force: true })
      }
    }
  }
  unpack(root)
  return root
}

async function compareUnet(name: 'sd1' | 'sdxl', path: string): Promise<Comparison[]> {
  const { value, release } = loadCheckpoint(path, name, TEST_SESSION)
  const tensors = openFixture(here(`${name}/unet.safetensors`))
  const comparisons: Comparison[] = []
  for (const { case: row } of readCases<{ case: number }>(here(`${name}/unet.jsonl`))) {
    comparisons.push(
      await compareCase(`${name} networks`, `unet ${row}`, async () => {
        const label = tensors.has(`${row}.y`) ? { label: tensors.tensor(`${row}.y`) } : {}
        const prediction = await value.model.predict({
          latent: tensors.tensor(`${row}.x`),
          timesteps: tensors.tensor(`${row}.timesteps`).data,
          context: tensors.tensor(`${row}.context`),
          ...label,
        })
        return compareValues(prediction.data, tensors.tensor(`${row}.out`).data, NETWORK)
      }),
    )
  }
  await release()
  return comparisons
}

interface RecordedRow extends PipelineRow {
  readonly case: string
  readonly timesteps: readonly number[]
  readonly growth_of_a_perturbation: number
}

/** An error of one network call grows over a run; what remains is the rounding of latents of order 10. */
const toTolerance = ({ growth_of_a_perturbation: growth }: RecordedRow) => 2e-5 * Math.max(growth, 1) + 1e-4

async function compareText(name: 'sd1' | 'sdxl', path: string): Promise<Comparison[]> {
  const { value, release } = loadCheckpoint(path, name, TEST_SESSION)
  const tensors = openFixture(here(`${name}/text_comfy.safetensors`))
  const comparisons: Comparison[] = []
  for (const row of readCases<TextRow>(here(`${name}/text_comfy.jsonl`))) {
    comparisons.push(
      await compareCase(`${name} networks`, `text ${row.case}`, async () => {
        const model = createComfyTextModel({
          encoders: value.model.textEncoders,
          tokenizers,
          findEmbedding: () => undefined,
          stopAtLayer: row.stop_at_clip_layer ?? undefined,
        })
        const { tokens } = await encodeComfyPrompt(row.prompt, model)
        return compareValues(tokens.data, tensors.tensor(`${row.case}.cond`).data, NETWORK)
      }),
    )
  }
  await release()
  return comparisons
}

/** Python writes infinities that JSON has not; nothing here needs them. */
function readRows<T>(name: string): T[] {
  const lines = readFileSync(here(name), 'utf8').split('\n')
  return lines.filter(Boolean).map((line) => JSON.parse(line.replaceAll('-Infinity', 'null')) as T)
}

async function comparePipelines(name: 'sd1' | 'sdxl', path: string): Promise<Comparison[]> {
  const { value, release } = loadCheckpoint(path, name, TEST_SESSION)
  const tensors = openFixture(here(`diffusers/${name}_pipeline.safetensors`))
  const comparisons: Comparison[] = []
  for (const row of readRows<RecordedRow>(`diffusers/${name}_pipeline.jsonl`)) {
    const expected = (part: string) => tensors.tensor(`${row.case}.${part}`)
    comparisons.push(
      await compareCase(`${name} pipelines`, `${row.case} latent`, async () => {
        const { latent, timesteps } = await runPipeline(value, row, { noise: expected('latents_in') })
        return Math.max(
          compareValues(latent.data, expected('latents_out').data, () => toTolerance(row)),
          compareValues(timesteps, row.timesteps, () => 0.05),
        )
      }),
      await compareCase(`${name} pipelines`, `${row.case} picture`, async () => {
        const picture = await decodePicture(value, expected('latents_out'))
        return comparePictures(picture, expected('image_u8').data)
      }),
    )
  }
  await release()
  return comparisons
}

async function compareImg2img(path: string): Promise<Comparison[]> {
  const { value, release } = loadCheckpoint(path, 'sd1', TEST_SESSION)
  const tensors = openFixture(here('diffusers/sd1_img2img.safetensors'))
  const comparisons: Comparison[] = []
  for (const row of readCases<PipelineRow & { seed: number }>(here('diffusers/sd1_img2img.jsonl'))) {
    comparisons.push(
      await compareCase('sd1 pipelines', 'img2img', async () => {
        const start = await startFromPicture(value, tensors.tensor('image'), BigInt(row.seed))
        const { latent } = await runPipeline(value, row, start)
        return compareValues(latent.data, tensors.tensor('latents_out').data, () => 2e-2)
      }),
    )
  }
  await release()
  return comparisons
}

function comparePictures(actual: Uint8Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Infinity
  const distances = expected.map((value, i) => Math.abs(value - actual[i]!))
  const worst = distances.reduce((most, distance) => Math.max(most, distance), 0)
  const share = distances.filter((distance) => distance > 0).length / actual.length
  return worst > 1 ? Infinity : share / PICTURE_SHARE
}

/** Share of a latent's largest value; Brownian noise changes with the last digits of sigmas. */
const SCHEDULER = 2e-5
const BROWNIAN_SCHEDULER = 5e-4
const SCHEDULERS = new URL('../../apps/gpu-worker/src/engine/denoise/plan.ts', import.meta.url).href

/** The schedulers themselves, on an analytic model (make_diffusers_schedulers.py). */
async function compareSchedulers(): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  for (const row of readRecordings<DiffusersRecording>('diffusers-schedulers.jsonl', SCHEDULERS)) {
    const { scheduler, settings, steps, strength = '' } = row
    const tolerance = scheduler === 'DPMSolverSDEScheduler' ? BROWNIAN_SCHEDULER : SCHEDULER
    const largest = Math.max(1, ...row.latent.map(Math.abs))
    comparisons.push(
      await compareCase(scheduler, `${JSON.stringify(settings)} ${steps} ${strength}`, async () => {
        const { latent, timesteps } = await runDiffusersRecording(row)
        return Math.max(
          compareValues(latent.data, row.latent, () => tolerance * largest),
          compareValues(timesteps, row.timesteps, () => 1e-3),
        )
      }),
    )
  }
  return comparisons
}

const comparisons: Comparison[] = []
for (const name of ['sd1', 'sdxl'] as const) {
  const path = unpackFolder(name)
  comparisons.push(...(await compareUnet(name, path)), ...(await compareText(name, path)))
  comparisons.push(...(await comparePipelines(name, path)))
  if (name === 'sd1') comparisons.push(...(await compareImg2img(path)))
}
comparisons.push(...(await compareSchedulers()))
process.exitCode = report('diffusers', 'Diffusers folders', comparisons) ? 0 : 1
