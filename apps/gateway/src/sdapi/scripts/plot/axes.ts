import { WEBUI_SAMPLERS } from '@atelier/catalog'
import type { ExactValue } from '@atelier/catalog/exact-json'
import { pythonException } from '../../errors.ts'
import { searchCheckpoint } from '../../generation/resolve-checkpoint.ts'
import { override, setField, setOption, type Axis, type AxisValue } from './axis.ts'
import { findVaeName } from './find-vae-name.ts'
import { reorderPrompt, replaceInPrompts } from './prompts.ts'

const text = (label: string, apply: Axis['apply'], more: Partial<Axis> = {}): Axis => ({
  ...{ label, type: 'text', apply },
  ...more,
})
const integer = (label: string, apply: Axis['apply'], more: Partial<Axis> = {}): Axis => ({
  ...{ label, type: 'integer', apply },
  ...more,
})
const float = (label: string, apply: Axis['apply'], more: Partial<Axis> = {}): Axis => ({
  ...{ label, type: 'float', apply },
  ...more,
})

const FOR_TEXT = { route: 'txt2img' } as const
const FOR_IMAGES = { route: 'img2img' } as const
const CHOICES = { hasChoices: true } as const
const SAMPLER: Partial<Axis> = { ...CHOICES, confirm: confirmSamplers }

/** The axes of A1111 1.10's X/Y/Z plot in their order: requests name them by their place in the list of their route. */
const AXES: readonly Axis[] = [
  text('Nothing', (request) => request),
  integer('Seed', setField('seed')),
  integer('Var. seed', setField('subseed')),
  float('Var. strength', setField('subseed_strength')),
  integer('Steps', setField('steps')),
  integer('Hires steps', setField('hr_second_pass_steps'), FOR_TEXT),
  float('CFG Scale', setField('cfg_scale')),
  float('Image CFG Scale', setField('image_cfg_scale'), FOR_IMAGES),
  text('Prompt S/R', replaceInPrompts, { shows: 'value' }),
  { label: 'Prompt order', type: 'order', apply: reorderPrompt, shows: 'value' },
  text('Sampler', setField('sampler_name'), { ...SAMPLER, shows: 'value' }),
  text('Hires sampler', setField('hr_sampler_name'), { ...SAMPLER, ...FOR_TEXT }),
  text('Checkpoint name', applyCheckpoint, {
    ...CHOICES,
    shows: 'file',
    cost: 1,
    confirm: confirmCheckpoints,
  }),
  float('Negative Guidance minimum sigma', setField('s_min_uncond')),
  float('Sigma Churn', setField('s_churn')),
  float('Sigma min', setField('s_tmin')),
  float('Sigma max', setField('s_tmax')),
  float('Sigma noise', setField('s_noise')),
  text('Schedule type', setField('scheduler'), CHOICES),
  float('Schedule min sigma', setOption('sigma_min')),
  float('Schedule max sigma', setOption('sigma_max')),
  float('Schedule rho', setOption('rho')),
  float('Beta schedule alpha', setOption('beta_dist_alpha')),
  float('Beta schedule beta', setOption('beta_dist_beta')),
  float('Eta', setField('eta')),
  integer('Clip skip', setOption('CLIP_stop_at_last_layers')),
  float('Denoising', setField('denoising_strength')),
  float('Initial noise multiplier', setField('initial_noise_multiplier')),
  float('Extra noise', setOption('img2img_extra_noise')),
  text('Hires upscaler', setField('hr_upscaler'), { ...CHOICES, ...FOR_TEXT }),
  float('Cond. Image Mask Weight', setOption('inpainting_mask_weight'), FOR_IMAGES),
  text(
    'VAE',
    (request, value, { models }) => override(request, 'sd_vae', findVaeName(models, String(value))),
    {
      ...CHOICES,
      cost: 0.7,
    },
  ),
  text('Styles', addStyles, CHOICES),
  integer('UniPC Order', applyOrder, { cost: 0.5 }),
  text('Face restore', applyFaceRestorer, { shows: 'value' }),
  float('Token merging ratio', setOption('token_merging_ratio')),
  float('Token merging ratio high-res', setOption('token_merging_ratio_hr')),
  text(
    'Always discard next-to-last sigma',
    setOption('always_discard_next_to_last_sigma', { isSwitch: true }),
    CHOICES,
  ),
  text('SGM noise multiplier', setOption('sgm_noise_multiplier', { isSwitch: true }), CHOICES),
  text('Refiner checkpoint', setField('refiner_checkpoint'), {
    ...CHOICES,
    ...{ shows: 'file', cost: 1, confirm: confirmRefiners },
  }),
  float('Refiner switch at', setField('refiner_switch_at')),
  text('RNG source', setOption('randn_source'), CHOICES),
  text('FP8 mode', setOption('fp8_storage'), { ...CHOICES, cost: 0.9 }),
  text('Size', applySize),
]

/** The axes of a route. */
export function listAxes(isImageToImage: boolean): Axis[] {
  const route = isImageToImage ? 'img2img' : 'txt2img'
  return AXES.filter((axis) => axis.route === undefined || axis.route === route)
}

/** Their labels. */
export function listAxisLabels(isImageToImage: boolean): string[] {
  return listAxes(isImageToImage).map(({ label }) => label)
}

function confirmSamplers(values: readonly AxisValue[]): void {
  const known = new Set(
    WEBUI_SAMPLERS.flatMap(({ name, aliases }) => [name, ...aliases]).map((name) => name.toLowerCase()),
  )
  const unknown = values.find((value) => !known.has(String(value).toLowerCase()))
  if (unknown !== undefined) throw pythonException('RuntimeError', `Unknown sampler: ${String(unknown)}`)
}

function confirmCheckpoints(
  values: readonly AxisValue[],
  models: Parameters<typeof searchCheckpoint>[0],
): void {
  const unknown = values.find((value) => searchCheckpoint(models, String(value)) === undefined)
  if (unknown !== undefined) throw pythonException('RuntimeError', `Unknown checkpoint: ${String(unknown)}`)
}

function confirmRefiners(values: readonly AxisValue[], models: Parameters<typeof searchCheckpoint>[0]): void {
  confirmCheckpoints(
    values.filter((value) => !['', 'None', 'none'].includes(String(value))),
    models,
  )
}

function applyCheckpoint(
  ...[request, value, { models }]: Parameters<Axis['apply']>
): ReturnType<Axis['apply']> {
  const found = searchCheckpoint(models, String(value))
  if (found === undefined) throw pythonException('RuntimeError', `Unknown checkpoint: ${String(value)}`)
  return override(request, 'sd_model_checkpoint', found.name)
}

function addStyles(...[request, value]: Parameters<Axis['apply']>): ReturnType<Axis['apply']> {
  return request.with({ styles: [...request.list('styles'), ...String(value).split(',')] })
}

function applyOrder(...[request, value]: Parameters<Axis['apply']>): ReturnType<Axis['apply']> {
  const order = Math.min(Number(value), request.count('steps') - 1)
  return override(request, 'uni_pc_order', BigInt(order))
}

function applyFaceRestorer(...[request, value]: Parameters<Axis['apply']>): ReturnType<Axis['apply']> {
  const wanted = String(value).toLowerCase()
  const restorer = new Map([
    ['codeformer', 'CodeFormer'],
    ['gfpgan', 'GFPGAN'],
  ]).get(wanted)
  if (restorer === undefined)
    return request.with({ restore_faces: ['true', 'yes', 'y', '1'].includes(wanted) })
  return override(request.with({ restore_faces: true }), 'face_restoration_model', restorer)
}

/** A text that is no size leaves the request as it is, as A1111 does. */
function applySize(...[request, value]: Parameters<Axis['apply']>): ReturnType<Axis['apply']> {
  const match = /^\s*(\d+)\s*x\s*(\d+)\s*$/.exec(String(value))
  if (match === null) return request
  const [width, height] = [match[1], match[2]].map((side): ExactValue => BigInt(side ?? 0))
  return request.with({ width: width ?? 0n, height: height ?? 0n })
}
