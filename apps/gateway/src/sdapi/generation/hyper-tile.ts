import type { HyperTile } from '@atelier/proto'
import { equalsInPython, type ExactValue } from '@atelier/catalog/exact-json'
import { optionFlag, optionNumber } from '../options/options-store.ts'
import { OPTION_DEFAULTS, UNLISTED_OPTIONS } from '../options/options.data.ts'
import type { Parameter } from '../parameters/parameter.ts'
import type { GenerationPlan } from './generation-plan.ts'

/** Options of the extension Hypertile that are told where they are not as at first: of the denoiser and of the decoder. */
const TOLD = {
  unet: [
    ['Hypertile U-Net max depth', 'hypertile_max_depth_unet'],
    ['Hypertile U-Net max tile size', 'hypertile_max_tile_unet'],
    ['Hypertile U-Net swap size', 'hypertile_swap_size_unet'],
  ],
  vae: [
    ['Hypertile VAE max depth', 'hypertile_max_depth_vae'],
    ['Hypertile VAE max tile size', 'hypertile_max_tile_vae'],
    ['Hypertile VAE swap size', 'hypertile_swap_size_vae'],
  ],
} as const

/** What the options say of tiles; undefined where nothing is cut. */
export function toHyperTile({ options }: Pick<GenerationPlan, 'options'>): HyperTile | undefined {
  const isOn = (name: string) => optionFlag(options, `hypertile_enable_${name}`)
  const count = (name: string) => Math.max(Math.trunc(optionNumber(options, `hypertile_${name}`, 0)), 0)
  const [firstPass, decoder] = [isOn('unet'), isOn('vae')]
  const secondPass = firstPass || isOn('unet_secondpass')
  if (!secondPass && !decoder) return undefined
  return {
    ...{ firstPass, secondPass, decoder },
    denoiserDepth: count('max_depth_unet'),
    denoiserTile: count('max_tile_unet'),
    denoiserSwap: Math.max(count('swap_size_unet'), 1),
    decoderTile: count('max_tile_vae'),
    decoderSwap: Math.max(count('swap_size_vae'), 1),
  }
}

/** What a first pass, or the only one, tells. */
export function listHyperTileParameters({ options }: Pick<GenerationPlan, 'options'>): Parameter[] {
  return [
    ...(optionFlag(options, 'hypertile_enable_unet')
      ? [{ key: 'Hypertile U-Net', value: true }, ...listChanged(options, 'unet')]
      : []),
    ...(optionFlag(options, 'hypertile_enable_vae')
      ? [{ key: 'Hypertile VAE', value: true }, ...listChanged(options, 'vae')]
      : []),
  ]
}

/** What a second pass tells that is cut though the first is not. */
export function listSecondHyperTile({ options, request }: GenerationPlan): Parameter[] {
  const isOn = optionFlag(options, 'hypertile_enable_unet_secondpass') && request.flag('enable_hr')
  if (!isOn || optionFlag(options, 'hypertile_enable_unet')) return []
  return [{ key: 'Hypertile U-Net second pass', value: true }, ...listChanged(options, 'unet')]
}

/** `info` holds a null for those that are as at first. */
function listChanged(options: GenerationPlan['options'], part: keyof typeof TOLD): Parameter[] {
  return TOLD[part].map(([key, name]) => {
    const value: ExactValue = options.get(name) ?? null
    const fallback = UNLISTED_OPTIONS.get(name) ?? OPTION_DEFAULTS.get(name) ?? null
    return { key, value: equalsInPython(value, fallback) ? null : value }
  })
}
