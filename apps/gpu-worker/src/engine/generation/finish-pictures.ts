import { AsidePicture, NamedFile, ResizeMode, type ImagePlan, type OutputSettings } from '@atelier/proto'
import { tellEvents } from '@atelier/catalog'
import type { EngineFile } from '../../engine-protocol.ts'
import { encodeImage } from '../image/encode-image.ts'
import type { Pixels } from '../image/pixels.ts'
import type { PngText } from '@atelier/catalog/png'
import { keepUnmasked, unmultiply } from '../inpaint/alpha.ts'
import { applyOverlay, uncrop } from '../inpaint/apply-overlay.ts'
import { correctColours } from '../inpaint/colour-correction.ts'
import { invertGrey, toColours, type Grey } from '../inpaint/grey.ts'
import { fitGrey } from '../inpaint/prepare-mask.ts'
import type { PreparedPicture } from '../inpaint/prepare-picture.ts'
import { makeSoftOverlay, type SoftOverlay } from '../inpaint/soft-overlay.ts'
import { sliceRows } from '../denoise/combine.ts'
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
    const finished = finishPicture(decoded, { sources, row, latent, generation })
    const infotext = tellOf(generation, image)
    const at = { output, infotext, imageIndex: batch.firstImage + row }
    for (const aside of finished.before) files.push(await encodeAside(aside, at))
    files.push(await encodeFile(context.finishPixels(finished.picture), output, listTexts(at)))
    for (const companion of finished.companions) files.push(await encodeFile(companion, output, []))
    for (const aside of finished.after) files.push(await encodeAside(aside, at))
  }
  return files
}

/** A picture of the way to a finished one. */
export interface Aside {
  /** Ending of the name it is saved under. */
  readonly name: string
  readonly picture: Pixels
}

/** Encodes a picture that is saved beside a finished one; its file has a name. */
export async function encodeAside({ name, picture }: Aside, at: AsideOf): Promise<EngineFile> {
  const encoded = await encodeFile(picture, at.output, listTexts(at))
  return { ...encoded, file: { ...encoded.file, name, imageIndex: at.imageIndex } }
}

/** The image a picture is saved beside. */
export interface AsideOf {
  readonly output: OutputSettings
  readonly infotext: string
  readonly imageIndex: number
}

/** An image's infotext, of the run what it has come upon. */
export function tellOf({ job, events }: Generation, { infotext }: ImagePlan): string {
  return tellEvents(infotext, job.toldEvents, [...events])
}

/** Texts of a finished picture's file. */
function listTexts({ output, infotext }: AsideOf): PngText[] {
  return output.omitMetadata || infotext === '' ? [] : [{ keyword: 'parameters', text: infotext }]
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
  /** What is saved before it, and after it. */
  readonly before: readonly Aside[]
  readonly after: readonly Aside[]
}

function finishPicture(decoded: Pixels, { sources, row, latent, generation }: Finishing): Finished {
  const prepared = sources?.pictures[row % sources.pictures.length]
  if (sources === undefined || prepared === undefined)
    return { picture: decoded, companions: [], before: [], after: [] }
  const settings = generation.job.source
  const soft = layBackSoftly(prepared, { sources, row, latent, generation })
  const source = soft === undefined ? prepared : { ...prepared, ...soft }
  const coloured = settings?.correctColors === true ? correctColours(decoded, source.picture) : decoded
  const omitsOverlay = settings?.mask?.omitOverlay === true && soft === undefined
  const overlay = omitsOverlay ? undefined : source.overlay
  const lay = (picture: Pixels) =>
    overlay === undefined ? picture : applyOverlay(picture, overlay, sources.pasteTo)
  const before =
    coloured === decoded ? [] : keepAside('before-color-correction', () => lay(decoded), generation)
  if (overlay === undefined) return withCompanions(coloured, coloured, source.mask, { generation, before })
  const whole = sources.pasteTo === undefined ? coloured : uncrop(coloured, overlay, sources.pasteTo)
  return withCompanions(lay(coloured), whole, source.mask, { generation, before })
}

/** The pictures that a job wants beside finished ones, by the names of their files. */
const ASIDES = {
  'before-highres-fix': AsidePicture.ASIDE_PICTURE_BEFORE_SECOND_PASS,
  'before-color-correction': AsidePicture.ASIDE_PICTURE_BEFORE_COLOR_CORRECTION,
  mask: AsidePicture.ASIDE_PICTURE_MASK,
  'mask-composite': AsidePicture.ASIDE_PICTURE_MASK_COMPOSITE,
} as const

/** Whether a job wants a picture beside its finished ones. */
export function wantsAside({ job }: Pick<Generation, 'job'>, name: keyof typeof ASIDES): boolean {
  return job.output?.asides.includes(ASIDES[name]) === true
}

function keepAside(name: keyof typeof ASIDES, make: () => Pixels, generation: Generation): Aside[] {
  return wantsAside(generation, name) ? [{ name, picture: make() }] : []
}

interface Finishing {
  readonly sources: PreparedSources | undefined
  readonly row: number
  /** Of the whole batch. */
  readonly latent: Tensor
  readonly generation: Generation
}

/** What soft inpainting lays back over a picture in place of the mask's outside; undefined without it. */
function layBackSoftly(
  { whole }: PreparedPicture,
  { sources, row, latent, generation }: Finishing,
): SoftOverlay | undefined {
  const { job } = generation
  const soft = job.source?.mask?.soft
  if (soft === undefined || whole === undefined || sources?.mask === undefined) return undefined
  const at = row % sources.latents.shape[0]!
  const latents = {
    source: sliceRows(sources.latents, at, at + 1),
    drawn: sliceRows(latent, row, row + 1),
    mask: sources.mask,
  }
  return makeSoftOverlay(whole, latents, { ...job, pasteTo: sources.pasteTo }, soft)
}

function withCompanions(
  picture: Pixels,
  drawn: Pixels,
  mask: Grey | undefined,
  { generation, before }: { readonly generation: Generation; readonly before: readonly Aside[] },
): Finished {
  const { returnMask = false, returnComposite = false } = generation.job.source?.mask ?? {}
  if (mask === undefined) return { picture, companions: [], before, after: [] }
  const composite = () => {
    const fit = { width: picture.width, height: picture.height, resizeMode: ResizeMode.RESIZE_MODE_FILL }
    return unmultiply(keepUnmasked(drawn, invertGrey(fitGrey(mask, fit))))
  }
  return {
    picture,
    companions: [...(returnMask ? [toColours(mask)] : []), ...(returnComposite ? [composite()] : [])],
    before,
    after: [
      ...keepAside('mask', () => toColours(mask), generation),
      ...keepAside('mask-composite', composite, generation),
    ],
  }
}
