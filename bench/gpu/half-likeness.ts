/**
 * How near pictures in half precision are to those of f32, without a GPU: the graphs that CUDA runs, their fused ops
 * written out in ops the CPU has and every rounding kept, against the engine's own on the CPU. 20 steps, DDIM and Euler;
 * every family, a LoRA, a ControlNet, the demo checkpoint; with `--full` SD 1.5 at full size. Decibels; at least 35 are
 * asked for. Writes `bench/results/half-likeness.json`. What a GPU adds are its kernels' own ways of summing.
 *
 * Run: node --import tsx bench/gpu/half-likeness.ts [--full] [--only NAME,…]
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { ModelFile, ModelKind } from '@atelier/proto'
import { createHalfSession } from '../../apps/gpu-worker/src/engine/onnx/cuda/test-kit/half-session.ts'
import {
  openGenerationKit,
  pixelsOf,
  smallJob,
  smallSampling,
} from '../../apps/gpu-worker/src/engine/generation/test-kit.ts'
import { unpackTinyCheckpoint, unpackVariant } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { writeSd15 } from './networks.ts'
import { round, toPsnr } from './statistics.ts'

const { values: flags } = parseArgs({
  options: { full: { type: 'boolean', default: false }, only: { type: 'string' } },
})
const ASKED_FOR = 35
const STEPS = 20
const ENGINE = new URL('../../apps/gpu-worker/src/engine/', import.meta.url)
const FIXTURES = new URL('../../../shared/fixtures/models/', import.meta.url)

interface Case {
  readonly name: string
  readonly open: () => string
  /** Pixels of a side. */
  readonly side: number
  /** Files beside the checkpoint, and what of the job names them. */
  readonly more?: readonly ModelFile[]
  readonly changes?: object
}

const unzip = (name: string) => (): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'half-')), 'model.safetensors')
  writeFileSync(path, gunzipSync(readFileSync(new URL(`${name}.safetensors.gz`, FIXTURES))))
  return path
}
const variant = (name: string) => () =>
  unpackVariant(new URL(`models/__fixtures__/${name}.safetensors`, ENGINE))
const hasFixtures = existsSync(FIXTURES)
const lora = { kind: ModelKind.MODEL_KIND_LORA, name: 'kohya', identity: 'kohya' }
/** The recorded checkpoints of other families have no autoencoder of their own. */
const vae = { kind: ModelKind.MODEL_KIND_VAE, name: 'vae', identity: 'vae' }
const control = { kind: ModelKind.MODEL_KIND_CONTROL_NET, name: 'control', identity: 'control' }

function listCases(): Case[] {
  const cases: Case[] = [
    { name: 'tiny SD 1', open: unpackTinyCheckpoint, side: 64 },
    {
      name: 'demo checkpoint',
      open: () => fileURLToPath(new URL('../../models/demo/demo.safetensors', import.meta.url)),
      side: 256,
    },
    { name: 'tiny SD 1 for inpainting', open: variant('sd1-inpaint'), side: 64 },
    {
      name: 'tiny SD 1 with a LoRA',
      open: unpackTinyCheckpoint,
      side: 64,
      more: [
        ModelFile.fromPartial({
          ...lora,
          path: fileURLToPath(new URL('adapters/__fixtures__/files/kohya.safetensors', ENGINE)),
        }),
      ],
      changes: { loras: [{ file: lora, denoiserStrength: 1, textStrength: 1 }] },
    },
  ]
  if (hasFixtures) {
    for (const name of ['sd2', 'sdxl', 'refiner'])
      cases.push({
        ...{ name: `tiny ${name}`, open: unzip(`weights/${name}`), side: 64, changes: { vae } },
        more: [ModelFile.fromPartial({ ...vae, path: unpackTinyCheckpoint() })],
      })
    const path = unzip('control/files/controlnet_ldm')()
    const preprocessing = { module: 'none', resolution: 64, thresholdA: 0, thresholdB: 0, seed: 1 }
    const unit = { model: control, image: { key: 'picture' }, weight: 1, start: 0, end: 1, preprocessing }
    cases.push({
      ...{ name: 'tiny SD 1 with a ControlNet', open: unpackTinyCheckpoint, side: 64 },
      more: [ModelFile.fromPartial({ ...control, path })],
      changes: { controls: [unit] },
    })
  }
  if (flags.full) cases.push({ name: 'SD 1.5 of random weights', open: writeSd15, side: 128 })
  const only = flags.only?.split(',')
  return cases.filter(({ name }) => only === undefined || only.includes(name))
}

async function draw(each: Case, path: string, isHalf: boolean): Promise<Buffer[]> {
  const checkpoint = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'bench', identity: 'bench' }
  const session = { device: 'cpu', threads: 0, ...(isHalf && { open: createHalfSession }) }
  const files = [ModelFile.fromPartial({ ...checkpoint, path }), ...(each.more ?? [])]
  const kit = openGenerationKit(files, { session })
  const pictures: Buffer[] = []
  const circle = readFileSync(new URL('../../models/demo/expected/circle.png', import.meta.url))
  for (const sampler of ['ddim', 'euler']) {
    const job = smallJob({
      ...{ checkpoint, width: each.side, height: each.side, ...each.changes },
      images: [
        { prompt: 'a cat face on a yellow background', negativePrompt: 'blurry', seed: 4n, infotext: '' },
      ],
      sampling: smallSampling({ sampler, steps: STEPS, guidanceScale: 7 }),
    })
    const outcome = await kit.run(job, { inputs: new Map([['picture', circle]]) })
    pictures.push((await pixelsOf(outcome)).data)
  }
  await kit.close()
  return pictures
}

async function main(): Promise<void> {
  mkdirSync(new URL('../results/', import.meta.url), { recursive: true })
  if (!hasFixtures) console.error('SKIPPED: the families of ../shared/fixtures, which is not here')
  const path = new URL('../results/half-likeness.json', import.meta.url)
  const known = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as { rows: { name: string }[] }).rows
    : []
  const rows = new Map<string, object>(known.map((row) => [row.name, row]))
  for (const each of listCases()) {
    const checkpoint = each.open()
    const [half, full] = [await draw(each, checkpoint, true), await draw(each, checkpoint, false)]
    const [ddim, euler] = half.map((picture, i) => round(toPsnr(picture, full[i]!)))
    const row = { name: each.name, pixels: each.side, steps: STEPS, ddim, euler }
    rows.set(each.name, row)
    console.log(JSON.stringify(row))
    if (!(Math.min(ddim!, euler!) >= ASKED_FOR)) process.exitCode = 1
    const date = new Date().toISOString().slice(0, 10)
    const report = { date, unit: 'dB', asked: ASKED_FOR, rows: [...rows.values()] }
    writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`)
  }
}

await main()
