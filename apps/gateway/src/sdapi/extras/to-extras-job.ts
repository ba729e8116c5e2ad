import { ImageFormat, Job, Surface, type BlobRef, type ExtrasJob, type PictureText } from '@atelier/proto'
import { readImageInfotext } from '../infotext/read-image-infotext.ts'
import type { ModelIndex } from '../../models/model-index.ts'
import { optionFlag, type Options } from '../options/options-store.ts'
import type { RequestPicture } from '../request/read-picture.ts'
import { pythonException } from '../errors.ts'
import type { CheckedFields } from '../request/validate.ts'
import { toOutput } from '../generation/to-output.ts'
import type { JobIdentity } from '../generation/to-job.ts'
import { toUpscaler } from '../generation/to-upscaler.ts'
import { describeExtras, listUpscalerNames } from './describe-extras.ts'

/** Largest side an upscaled picture may be asked to have, pixels. */
const MAX_SIDE = 8192
/** Largest side that a factor may make of a picture's, pixels: what a picture takes while it is enlarged has to fit. */
const MAX_ENLARGED_SIDE = 16_384

/** A picture of an extras request, stored. */
export interface StoredPicture {
  readonly picture: RequestPicture
  readonly blob: BlobRef
}

/**
 * Writes the job of an extras request.
 * @throws ApiError for an image format that cannot be written, and for a factor that makes a picture too large
 */
export function toExtrasJob(
  fields: CheckedFields,
  pictures: readonly StoredPicture[],
  { models, options }: { models: ModelIndex; options: Options },
  { now, ...ids }: JobIdentity,
): Job {
  const [upscaler, second] = listUpscalerNames(fields).map((name) => toUpscaler(name, models, options))
  const number = (name: string) => Number(fields.get(name) ?? 0)
  const isSized = number('resize_mode') === 1
  if (upscaler !== undefined && !isSized) checkFactor(number('upscaling_resize'), pictures)
  const output = toOutput(options, options)
  const extras: ExtrasJob = {
    pictures: pictures.map(({ picture, blob }) => ({
      image: blob,
      texts: listTexts(picture, describeExtras(fields), { format: output.format, options }),
    })),
    upscaler,
    secondUpscaler: second,
    secondShare: number('extras_upscaler_2_visibility'),
    factor: number('upscaling_resize'),
    width: isSized ? Math.min(number('upscaling_resize_w'), MAX_SIDE) : 0,
    height: isSized ? Math.min(number('upscaling_resize_h'), MAX_SIDE) : 0,
    crop: fields.get('upscaling_crop') === true,
    output,
  }
  return Job.fromPartial({
    ...ids,
    surface: Surface.SURFACE_SDAPI,
    submittedAtMs: now,
    models: [upscaler?.model, second?.model].filter((file) => file !== undefined),
    kind: { $case: 'extras', value: extras },
  })
}

function checkFactor(factor: number, pictures: readonly StoredPicture[]): void {
  for (const { picture } of pictures) {
    const side = Math.trunc(Math.max(picture.width, picture.height) * factor)
    if (side <= MAX_ENLARGED_SIDE) continue
    const text = `upscaling_resize must make pictures of at most ${MAX_ENLARGED_SIDE} pixels a side, got ${side}`
    throw pythonException('ValueError', text)
  }
}

/** The texts of the source, then what was done; files that are no PNG carry the generation text alone. */
function listTexts(
  { bytes, sent, width, height }: RequestPicture,
  done: string,
  { format, options }: { format: ImageFormat; options: Options },
): PictureText[] {
  if (!optionFlag(options, 'enable_pnginfo')) return []
  const { infotext, items } = readImageInfotext(sent ?? bytes, {
    width,
    height,
    resolveSampler: () => undefined,
  })
  if (format !== ImageFormat.IMAGE_FORMAT_PNG) return [{ keyword: 'parameters', text: infotext }]
  const own = [...items].flatMap(([keyword, text]) => (typeof text === 'string' ? [{ keyword, text }] : []))
  return [
    ...own,
    ...(infotext === '' ? [] : [{ keyword: 'parameters', text: infotext }]),
    { keyword: 'postprocessing', text: done },
  ]
}
