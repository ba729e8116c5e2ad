import { NamedFile, ResizeMode, type OutputSettings } from '@atelier/proto'
import type { EngineFile } from '../../engine-protocol.ts'
import { EngineError } from '../engine-error.ts'
import { encodeImage } from '../image/encode-image.ts'
import type { Pixels } from '../image/pixels.ts'
import type { PngText } from '../image/png-text.ts'
import { keepUnmasked, unmultiply } from '../inpaint/alpha.ts'
import { applyOverlay, uncrop } from '../inpaint/apply-overlay.ts'
import { correctColours } from '../inpaint/colour-correction.ts'
import { invertGrey, toColours, type Grey } from '../inpaint/grey.ts'
import { fitGrey } from '../inpaint/prepare-mask.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { finishControlled } from './controls/finish-controlled.ts'
import { decodeRow } from './decode.ts'
import { required, type Batch, type Generation } from './generation.ts'
import type { PreparedSources } from './prepare-sources.ts'

/** Decodes a batch and finishes its pictures: colours corrected, the source laid back, encoded. */
export async function finishPictures(
  generation: Generation,
  batch: Batch,
  latent: Tensor,
): Promise<EngineFile[]> {
  const { job, context, sources } = generation
  const files: EngineFile[] = []
  const output = required(job.output)
  for (const [row, image] of batch.images.entries()) {
    const decoded = finishControlled(await decodeRow(generation, latent, row), generation.controls)
    const { picture, companions } = finishPicture(decoded, { sources, row, generation })
    const texts =
      output.omitMetadata || image.infotext === '' ? [] : [{ keyword: 'parameters', text: image.infotext }]
    files.push(await encodeFile(context.finishPixels(picture), output, texts))
    for (const companion of companions) files.push(await encodeFile(companion, output, []))
  }
  return files
}

/** Encodes one picture of the answer. */
export async function encodeFile(
  pixels: Pixels,
  output: OutputSettings,
  texts: readonly PngText[],
): Promise<EngineFile> {
  const encoded = await encodeImage(pixels, {
    format: output.format,
    isLossless: output.lossless,
    texts,
    ...(output.quality > 0 ? { quality: output.quality } : {}),
  })
  const file = NamedFile.fromPartial({ width: pixels.width, height: pixels.height })
  return { file, bytes: encoded.bytes, mediaType: encoded.mediaType }
}

interface Finished {
  readonly picture: Pixels
  /** What follows it in the answer: its mask, the repainted part alone. */
  readonly companions: readonly Pixels[]
}

function finishPicture(
  decoded: Pixels,
  { sources, row, generation }: { sources: PreparedSources | undefined; row: number; generation: Generation },
): Finished {
  const source = sources?.pictures[row % sources.pictures.length]
  if (sources === undefined || source === undefined) return { picture: decoded, companions: [] }
  const settings = generation.job.source
  const coloured = settings?.correctColors === true ? correctColours(decoded, source.picture) : decoded
  const overlay = settings?.mask?.omitOverlay === true ? undefined : source.overlay
  if (overlay === undefined) return withCompanions(coloured, coloured, source.mask, generation)
  if (sources.pasteTo === undefined) refuseOtherSize(coloured, overlay)
  const picture = applyOverlay(coloured, overlay, sources.pasteTo)
  const whole = sources.pasteTo === undefined ? coloured : uncrop(coloured, overlay, sources.pasteTo)
  return withCompanions(picture, whole, source.mask, generation)
}

/** A side that is no multiple of 8 makes a picture smaller than its overlay: A1111 fails so. */
function refuseOtherSize(picture: Pixels, overlay: Pixels): void {
  if (picture.width === overlay.width && picture.height === overlay.height) return
  throw new EngineError('invalid-request', 'images do not match', { exceptionType: 'ValueError' })
}

function withCompanions(
  picture: Pixels,
  drawn: Pixels,
  mask: Grey | undefined,
  { job }: Generation,
): Finished {
  const { returnMask = false, returnComposite = false } = job.source?.mask ?? {}
  if (mask === undefined) return { picture, companions: [] }
  const companions: Pixels[] = returnMask ? [toColours(mask)] : []
  if (returnComposite) {
    const fit = { width: picture.width, height: picture.height, resizeMode: ResizeMode.RESIZE_MODE_FILL }
    companions.push(unmultiply(keepUnmasked(drawn, invertGrey(fitGrey(mask, fit)))))
  }
  return { picture, companions }
}
