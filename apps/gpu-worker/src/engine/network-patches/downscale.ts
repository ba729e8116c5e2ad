import { downscale, type DownscaleSettings } from '../networks/patches/downscale.ts'
import { createTensor } from '../tensor/tensor.ts'
import type { InsidePatch } from '../denoise/inside/patch-network.ts'

/** Deep shrink by a factor while sigma is in the window, both ends counted. */
export function createDownscale(
  settings: DownscaleSettings,
  { factor, from, to }: { readonly factor: number; readonly from: number; readonly to: number },
  id: number,
): InsidePatch {
  const name = `downscale_${id}`
  return {
    network: downscale(name, settings),
    share({ sigma = Infinity }) {
      if (sigma > from || sigma < to) return undefined
      return { key: `${name} ${factor}`, values: { [name]: createTensor([1], Float32Array.of(factor)) } }
    },
  }
}
