/** Compares ControlNets, adapters and what they do to a UNet with the recordings. Run: node --import tsx bench/parity/control.ts */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { loadControl, type Residuals } from '../../apps/gpu-worker/src/engine/control/control-network.ts'
import {
  weighByGuess,
  weighByMode,
  weighEvenly,
  type ControlMode,
} from '../../apps/gpu-worker/src/engine/control/mode-weights.ts'
import type { ControlUnit } from '../../apps/gpu-worker/src/engine/control/control-unit.ts'
import { createRowControls } from '../../apps/gpu-worker/src/engine/control/row-controls.ts'
import { readWeightFile } from '../../apps/gpu-worker/src/engine/checkpoint/read-weight-file.ts'
import { joinRows, scale, sliceRows } from '../../apps/gpu-worker/src/engine/denoise/combine.ts'
import { createGuidedDenoiser } from '../../apps/gpu-worker/src/engine/denoise/guidance.ts'
import { createModelSampling } from '../../apps/gpu-worker/src/engine/denoise/model-sampling.ts'
import { prepareBatchNoise } from '../../apps/gpu-worker/src/engine/denoise/noise/batch-noise.ts'
import { createComfyNoise } from '../../apps/gpu-worker/src/engine/denoise/noise/sampler-noise.ts'
import { planComfy } from '../../apps/gpu-worker/src/engine/denoise/plan-comfy.ts'
import { runSampling } from '../../apps/gpu-worker/src/engine/denoise/run-sampling.ts'
import { loadCheckpoint } from '../../apps/gpu-worker/src/engine/models/load-model.ts'
import { upscale } from '../../apps/gpu-worker/src/engine/resample/common-upscale.ts'
import { toChannelsFirst } from '../../apps/gpu-worker/src/engine/resample/resize-tensor.ts'
import {
  openFixture,
  readCases,
  TEST_SESSION,
  unpackTinyCheckpoint,
} from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { createTensor, type Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { encodeComfyPrompt } from '../../apps/gpu-worker/src/engine/text-encode/encode-comfy-prompt.ts'
import { TextModels } from '../../apps/gpu-worker/src/engine/text-models.ts'
import { compareCase, compareValues, findFixtures, report, type Comparison } from './report.ts'

const folder = findFixtures()
if (folder === undefined) process.exit(0)
const here = (name: string) => new URL(`file://${folder}models/control/${name}`)
const NETWORK = 2e-5
/** Values inside a network, up to 11 here. */
const HIDDEN = 5e-5
/** A whole sampling, latents of standard deviation near 50. */
const SAMPLING = 2e-2
const temporary = mkdtempSync(join(tmpdir(), 'control-'))

function unpack(name: string): string {
  if (!name.endsWith('.gz')) return here(name).pathname
  const path = join(temporary, basename(name, '.gz'))
  writeFileSync(path, gunzipSync(readFileSync(here(name))))
  return path
}

const checkpointPath = unpackTinyCheckpoint()
const { value: checkpoint } = loadCheckpoint(checkpointPath, 'tiny', TEST_SESSION)
const base = { file: readWeightFile(checkpointPath), prefix: 'model.diffusion_model.' }
const open = (name: string) => loadControl(unpack(`files/${name}`), name, { ...TEST_SESSION, base }).value

const NETWORKS = {
  ldm: open('controlnet_ldm.safetensors.gz'),
  diffusers: open('controlnet_diffusers/diffusion_pytorch_model.safetensors.gz'),
  lora: open('control_lora.safetensors.gz'),
  t2i_gray: open('t2i_gray.safetensors'),
  t2i_rgb: open('t2i_rgb.safetensors'),
  t2i_light: open('t2i_light.safetensors'),
  t2i_rgb_diffusers: open('t2i_rgb_diffusers.safetensors'),
}

const recorded = openFixture(here('networks.safetensors'))
const latent = recorded.tensor('x')
const inputs = { latent, timesteps: recorded.tensor('timesteps').data, context: recorded.tensor('context') }
const hint = recorded.tensor('hint')

const error = (actual: Tensor, expected: Tensor, tolerance = NETWORK) =>
  compareValues(actual.data, expected.data, () => tolerance)

const comparisons: Comparison[] = []
const compare = async (group: string, name: string, compute: () => Promise<number>) =>
  comparisons.push(await compareCase(group, name, compute))

/** The worst residual beside those recorded as `prefix.output.N` and `prefix.middle.0`. */
async function compareResiduals(residuals: Residuals, prefix: string): Promise<number> {
  const errors = Object.entries(residuals).map(([place, value]) =>
    error(
      value,
      recorded.tensor(`${prefix}.${place === 'middle' ? 'middle.0' : place.replace('skip_', 'output.')}`),
      HIDDEN,
    ),
  )
  return errors.length === 13 ? Math.max(...errors) : Infinity
}

const MOMENT = { images: [0, 1], sigma: 1, call: 0 }
const unit = (network: ControlUnit['network'], weightOf = weighEvenly(1)): ControlUnit => ({
  network,
  hintFor: () => hint,
  weightOf,
  isActive: () => true,
})

async function predictWith(units: readonly ControlUnit[]): Promise<Tensor> {
  const control = await createRowControls(units).evaluate(inputs, MOMENT)
  return checkpoint.model.predict({ ...inputs, ...control })
}

for (const [name, prefix] of [
  ['ldm', 'controlnet'],
  ['diffusers', 'controlnet'],
  ['lora', 'control_lora'],
] as const)
  await compare('residuals', name, async () =>
    compareResiduals(await NETWORKS[name].evaluate(inputs, hint), prefix),
  )

for (const name of ['gray', 'rgb', 'light', 'rgb_diffusers'] as const) {
  await compare('adapter features', name, async () => {
    const features = await NETWORKS[`t2i_${name}`].evaluate(inputs, hint)
    const expected = (place: string) =>
      recorded.tensor(
        `t2i_${name.replace('_diffusers', '')}.after_input_block.${place.replace('feature_', '')}`,
      )
    return Math.max(...Object.entries(features).map(([place, value]) => error(value, expected(place))))
  })
}

await compare('UNet', 'without', async () =>
  error(await checkpoint.model.predict(inputs), recorded.tensor('unet_without')),
)
for (const strength of [1, 0.55]) {
  const name = `unet_controlnet@${strength === 1 ? '1.0' : strength}`
  await compare('UNet', name, async () =>
    error(await predictWith([unit(NETWORKS.ldm, weighEvenly(strength))]), recorded.tensor(name)),
  )
}
await compare('UNet', 'pooled', async () => {
  const name = 'controlnet_shuffle.safetensors'
  const pooling = loadControl(unpack('files/controlnet_ldm.safetensors.gz'), name, TEST_SESSION).value
  return error(await predictWith([unit(pooling)]), recorded.tensor('unet_global_average_pooling'))
})
await compare('UNet', 'Control-LoRA', async () =>
  error(await predictWith([unit(NETWORKS.lora)]), recorded.tensor('unet_control_lora@1.0')),
)
for (const kind of ['gray', 'rgb', 'light'] as const) {
  const name = `unet_t2i_${kind}@0.8`
  await compare('UNet', name, async () =>
    error(await predictWith([unit(NETWORKS[`t2i_${kind}`], weighEvenly(0.8))]), recorded.tensor(name)),
  )
}

for (const [mode, recordedName] of [
  ['balanced', 'balanced'],
  ['prompt', 'prompt'],
  ['control', 'controlnet'],
] as const) {
  await compare("A1111's modes", mode, async () => {
    const { weightOf, actsOnBoth } = weighByMode(mode, 1)
    const controlled = await predictWith([unit(NETWORKS.ldm, weightOf)])
    const plain = actsOnBoth ? controlled : await checkpoint.model.predict(inputs)
    const rows = joinRows([sliceRows(controlled, 0, 1), sliceRows(plain, 1, 2)])
    return error(rows, recorded.tensor(`unet_mode_${recordedName}`))
  })
}

interface ModeRow {
  readonly family: string
  readonly control_mode: string
  readonly output_positive: number[]
  readonly output_negative: number[]
  readonly middle_positive: number
  readonly middle_negative: number
}

const MODES: Readonly<Record<string, ControlMode>> = {
  Balanced: 'balanced',
  'My prompt is more important': 'prompt',
  'ControlNet is more important': 'control',
}

for (const row of readCases<ModeRow>(here('a1111_modes.jsonl'))) {
  await compare("A1111's modes", `${row.family} ${row.control_mode}`, async () => {
    const { weightOf, actsOnBoth } = weighByMode(MODES[row.control_mode]!, 1)
    const blocks = row.output_positive.length
    const weights = [
      ...row.output_positive.map((_, i) => weightOf(`skip_${i}`, blocks)),
      weightOf('middle', blocks),
    ]
    const both = [...weights, ...weights.map((weight) => (actsOnBoth ? weight : 0))]
    const expected = [
      ...row.output_positive,
      row.middle_positive,
      ...row.output_negative,
      row.middle_negative,
    ]
    return compareValues(both, expected, () => 1e-6)
  })
}

await compare('guess mode', 'residuals', async () => {
  const guess = openFixture(here('guess_mode.safetensors'))
  const residuals = await NETWORKS.diffusers.evaluate(inputs, hint)
  const weightOf = weighByGuess(0.9)
  return Math.max(
    ...Object.entries(residuals).map(([place, value]) =>
      error(
        scale(weightOf(place, 12), value),
        guess.tensor(place === 'middle' ? 'mid' : place.replace('skip_', 'down.')),
      ),
    ),
  )
})

interface SamplingRow {
  readonly case: string
  readonly units: readonly { strength: number; start_percent: number; end_percent: number; hint: string }[]
  readonly seed: number
  readonly steps: number
  readonly cfg: number
  readonly sampler: string
  readonly scheduler: string
  readonly size: [number, number]
  readonly prompt: string
  readonly negative: string
}

const sampled = openFixture(here('sampling.safetensors'))
const texts = new TextModels({ webui: () => new Map(), comfy: () => undefined })
const encode = async (prompt: string) =>
  (await encodeComfyPrompt(prompt, texts.comfy(checkpoint.model, undefined))).tokens

async function sample(row: SamplingRow): Promise<Tensor> {
  const model = createModelSampling()
  const { sampler, scheduler: schedule, steps } = row
  const plan = planComfy({ sampler, schedule, steps, denoise: 1, model })
  const shape = [1, 4, row.size[1] / 8, row.size[0] / 8]
  const controls = createRowControls(
    row.units.map(({ strength, start_percent: start, end_percent: end, hint: name }) => {
      const image = sampled.tensor(name)
      const source = toChannelsFirst(
        createTensor(
          image.shape,
          image.data.map((value) => value / 255),
        ),
      )
      const size = { width: row.size[0], height: row.size[1] }
      const fitted = upscale(source, size, { method: 'nearest-exact', crop: 'center' })
      return {
        network: NETWORKS.ldm,
        hintFor: () => fitted,
        weightOf: weighEvenly(strength),
        isActive: ({ sigma }) => sigma <= model.atPercent(start) && sigma >= model.atPercent(end),
      }
    }),
  )
  const [positive, negative] = [await encode(row.prompt), await encode(row.negative)]
  const conditioning = {
    positive: [[{ weight: 1, tokens: positive, controls }]],
    negative: [[{ weight: 1, tokens: negative, controls }]],
  }
  const { latent: result } = await runSampling({
    plan,
    denoise: createGuidedDenoiser({
      network: checkpoint.model.predict,
      conditioningAt: () => conditioning,
      guidanceScale: row.cfg,
      prediction: 'epsilon',
      plan,
    }),
    noise: createComfyNoise(BigInt(row.seed), shape, plan.brownianRange),
    startNoise: prepareBatchNoise(BigInt(row.seed), shape),
    source: createTensor(shape),
    options: { sNoise: 1, sChurn: 0, sTmin: 0, sTmax: Infinity, flavour: 'comfy' },
    isStopped: () => false,
    onStep: async () => undefined,
  })
  return scale(1 / 0.18215, result)
}

for (const row of readCases<SamplingRow>(here('sampling.jsonl')))
  await compare('samplings', row.case, async () =>
    error(await sample(row), sampled.tensor(`${row.case}.latent_out`), SAMPLING),
  )

process.exitCode = report('control', 'ControlNet', comparisons) ? 0 : 1
