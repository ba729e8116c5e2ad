import type { UnetConfig } from '../checkpoint/detect-unet.ts'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import type { TextEncoderKey } from '../text-encode/text-encoder.ts'
import { toDiffusersName } from './unet-names.ts'

/** A part of a model that adapters act on with a strength of its own. */
export type AdapterPart = 'denoiser' | TextEncoderKey

/** A layer an adapter's module may mean. */
export interface AdapterTarget {
  readonly part: AdapterPart
  /** Its weight, as the part's weight file names it. */
  readonly weight: string
  readonly shape: readonly number[]
  /** Its bias, where it has one. */
  readonly bias?: { readonly name: string; readonly shape: readonly number[] }
  /** The file holds the weight transposed. */
  readonly isTransposed?: boolean
}

/** The parts of a model, as their networks read them. */
export interface AdaptableModel {
  readonly denoiser?: { readonly file: WeightFile; readonly config: Pick<UnetConfig, 'prefix' | 'levels'> }
  /** Text encoders under the transformers library's names ("text_model.…"). */
  readonly texts: readonly { readonly key: TextEncoderKey; readonly file: WeightFile }[]
}

/** Every name that adapter files have for a model's layers. Underscored names cannot be read back, hence a table. */
export function listTargets(model: AdaptableModel): ReadonlyMap<string, AdapterTarget> {
  const targets = new Map<string, AdapterTarget>()
  const add = (names: readonly string[], target: AdapterTarget) => {
    for (const name of names) targets.set(name, target)
  }
  if (model.denoiser !== undefined) {
    const { file, config } = model.denoiser
    for (const { module, target } of listLayers(file, config.prefix, 'denoiser'))
      add(toUnetNames(module, toDiffusersName(module, config)), target)
  }
  const keys = model.texts.map(({ key }) => key)
  for (const { key, file } of model.texts) {
    for (const { module, target } of listLayers(file, '', key)) add(toTextNames(module, key, keys), target)
  }
  return targets
}

interface Layer {
  readonly module: string
  readonly target: AdapterTarget
}

function listLayers(file: WeightFile, prefix: string, part: AdapterPart): Layer[] {
  const layers: Layer[] = []
  for (const [weight, { shape }] of file.tensors) {
    // OpenCLIP's projection is a bare matrix, used the other way round.
    const isTransposed = weight === `${prefix}text_projection`
    if (!weight.startsWith(prefix) || !(isTransposed || weight.endsWith('.weight'))) continue
    const layer = isTransposed ? weight : weight.slice(0, -'.weight'.length)
    const bias = file.tensors.get(`${layer}.bias`)
    const target = {
      ...{ part, weight },
      shape: isTransposed ? [...shape].reverse() : shape,
      ...(bias && { bias: { name: `${layer}.bias`, shape: bias.shape } }),
      ...(isTransposed && { isTransposed }),
    }
    layers.push({ module: layer.slice(prefix.length), target })
  }
  return layers
}

const underscored = (name: string) => name.replaceAll('.', '_')

function toUnetNames(module: string, diffusers: string | undefined): string[] {
  const own = [`lora_unet_${underscored(module)}`, `oft_unet_${underscored(module)}`]
  const generic = [module, `diffusion_model.${module}`, `model.diffusion_model.${module}`]
  if (diffusers === undefined) return [...own, ...generic]
  // Old files name the attention processor, and an output projection without its place in a list.
  const processor = diffusers.replace('.to_', '.processor.to_').replace(/\.to_out\.0$/, '.to_out')
  return [
    ...own,
    ...generic,
    ...['lora_unet', 'oft_unet', 'lycoris'].map((prefix) => `${prefix}_${underscored(diffusers)}`),
    ...[diffusers, processor].flatMap((name) => [name, `unet.${name}`]),
    `base_model.model.${diffusers}`,
  ]
}

/** Projections of an attention as old Diffusers files call them. */
const OLD_PROJECTIONS: Readonly<Record<string, string>> = {
  q_proj: 'to_q',
  k_proj: 'to_k',
  v_proj: 'to_v',
  out_proj: 'to_out',
}

function toTextNames(module: string, key: TextEncoderKey, keys: readonly TextEncoderKey[]): string[] {
  // The second encoder of a pair has names of its own; one that stands alone has the first's.
  const isSecond = key === 'clip_g' && keys.includes('clip_l')
  const kohya = isSecond ? ['lora_te2'] : ['lora_te', 'lora_te1']
  const diffusers = isSecond ? 'text_encoder_2' : 'text_encoder'
  const old = module.replace(
    /self_attn\.(\w+_proj)$/,
    (_, part: string) => `self_attn.${OLD_PROJECTIONS[part]}`,
  )
  // Newer versions of the library save encoders without this wrapper.
  const bare = module.replace(/^text_model\./, '')
  return [
    ...kohya.map((prefix) => `${prefix}_${underscored(module)}`),
    ...[...new Set([module, old, bare])].map((name) => `${diffusers}.${name}`),
    `text_encoders.${key}.transformer.${module}`,
    ...(isSecond ? [] : [module, `base_model.model.${module}`]),
  ]
}
