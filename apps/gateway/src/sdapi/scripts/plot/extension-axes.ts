import { pythonException } from '../../errors.ts'
import { CONTROL_AXES } from '../../lists/script-info.data.ts'
import { setOption, type Axis, type AxisValue } from './axis.ts'

/** Axes of the extension Hypertile. */
const HYPERTILE: readonly Axis[] = [
  tiling('Unet First pass Enabled', 'enable_unet'),
  tiling('Unet Second pass Enabled', 'enable_unet_secondpass'),
  tiling('Unet Max Depth', 'max_depth_unet', { most: 3, hasChoices: true }),
  tiling('Unet Max Tile Size', 'max_tile_unet', { most: 512 }),
  tiling('Unet Swap Size', 'swap_size_unet', { most: 64 }),
  tiling('VAE Enabled', 'enable_vae'),
  tiling('VAE Max Depth', 'max_depth_vae', { most: 3, hasChoices: true }),
  tiling('VAE Max Tile Size', 'max_tile_vae', { most: 512 }),
  tiling('VAE Swap Size', 'swap_size_vae', { most: 64 }),
]

/** Labels of the axes that extensions add to the X/Y/Z plot, behind its own. */
export const EXTENSION_AXES: readonly string[] = [...CONTROL_AXES, ...HYPERTILE.map(({ label }) => label)]

/** The axis of an extension; undefined for those that cannot be drawn along. */
export function findExtensionAxis(label: string): Axis | undefined {
  return HYPERTILE.find((axis) => axis.label === label)
}

/** A switch, or a number from 0 to `most`. */
function tiling(
  name: string,
  option: string,
  { most, hasChoices = false }: { readonly most?: number; readonly hasChoices?: boolean } = {},
): Axis {
  const [label, key] = [`[Hypertile] ${name}`, `hypertile_${option}`]
  if (most === undefined)
    return { label, type: 'text', apply: setOption(key, { isSwitch: true }), hasChoices: true }
  const confirm = (values: readonly AxisValue[]) => {
    const far = values.find((value) => Number(value) < 0 || Number(value) > most)
    if (far === undefined) return
    throw pythonException('ValueError', `${label} value "${String(far)}" out of range [0, ${most}]`)
  }
  return { label, type: 'integer', apply: setOption(key), hasChoices, confirm }
}
