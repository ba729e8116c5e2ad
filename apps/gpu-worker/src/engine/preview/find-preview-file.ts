import type { ModelFamily } from '@atelier/catalog'
import { ModelKind, type ModelFile } from '@atelier/proto'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import { checkApproximateDecoder } from '../networks/approximate-vae.ts'
import { findTinyLayers } from '../networks/tiny-vae.ts'

/** Which network: the tiny autoencoder (TAESD), or A1111's "Approx NN". */
export type PreviewKind = 'tiny' | 'approximate'

/** Names of preview networks, as A1111 and ComfyUI download them. */
const NAMES: Readonly<Record<PreviewKind, { readonly sd: RegExp; readonly sdxl: RegExp }>> = {
  tiny: { sd: /^taesd_decoder/i, sdxl: /^taesdxl_decoder/i },
  approximate: { sd: /^(model\.pt|vaeapprox-sd1?\.)/i, sdxl: /^(vaeapprox-sdxl\.|xlvaeapp\.)/i },
}

/**
 * Checks a file of the preview folder that is named as one of ours; others are none of our business.
 * @throws CheckpointError when it holds something else than its name says
 */
export function checkPreviewFile(name: string, file: WeightFile): void {
  const isNamed = (kind: PreviewKind) => Object.values(NAMES[kind]).some((pattern) => pattern.test(name))
  if (isNamed('approximate')) checkApproximateDecoder(file)
  if (isNamed('tiny')) findTinyLayers(file, 'decoder')
  if (/^taesd(xl)?_encoder/i.test(name)) findTinyLayers(file, 'encoder')
}

/** The file that previews latents of a family, if it is there. */
export function findPreviewFile(
  files: readonly ModelFile[],
  kind: PreviewKind,
  family: ModelFamily,
): ModelFile | undefined {
  const pattern = NAMES[kind][family === 'sd1' || family === 'sd2' ? 'sd' : 'sdxl']
  return files.find(
    (file) =>
      file.kind === ModelKind.MODEL_KIND_TINY_VAE && file.unusableReason === '' && pattern.test(file.name),
  )
}
