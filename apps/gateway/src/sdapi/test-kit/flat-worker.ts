import { createPngTextChunk, rebuildPng } from '@atelier/catalog/png'
import { toResultKey, type JobOutcome, type LedgerStore, type Lease } from '@atelier/ledger'
import {
  AsidePicture,
  ImageFormat,
  JobResult,
  NamedFile,
  type ControlMapJob,
  type ExtrasJob,
  type GenerationJob,
  type ImagePlan,
  type ScriptJob,
  OutpaintSide,
} from '@atelier/proto'
import sharp from 'sharp'

/** A picture as a worker encodes it. */
export interface DrawnPicture {
  readonly bytes: Uint8Array
  readonly mediaType: string
  readonly width: number
  readonly height: number
  /** Ending of the name a picture that is made for saving alone is saved under, and the image it belongs to. */
  readonly name?: string
  readonly imageIndex?: number
}

/** Draws one image of a job. */
export type Draw = (job: GenerationJob, image: ImagePlan) => Promise<DrawnPicture>

/** Draws the pictures of an extras job from its sources' files. */
export type DrawExtras = (job: ExtrasJob, sources: readonly Uint8Array[]) => Promise<DrawnPicture[]>

/** What a flat worker draws with; what is absent is drawn in one colour. */
export interface FlatDrawing {
  readonly draw?: Draw | undefined
  readonly drawExtras?: DrawExtras | undefined
}

/** Ends jobs with pictures of one colour, one job at a time. Test code. */
export class FlatWorker {
  readonly #store: Pick<LedgerStore, 'jobs' | 'blobs'>
  readonly #draw: Draw
  readonly #drawExtras: DrawExtras
  readonly #stop = new AbortController()
  readonly #done: Promise<void>
  #held: Promise<void> | undefined
  #lingers = false
  #release: () => void = () => undefined

  constructor(store: Pick<LedgerStore, 'jobs' | 'blobs'>, { draw, drawExtras }: FlatDrawing = {}) {
    this.#store = store
    this.#draw = draw ?? drawFlat
    this.#drawExtras = drawExtras ?? copySources
    this.#done = this.#work()
  }

  /** From now on a claimed job runs until `release` is called, or it is asked to stop and does not linger. */
  hold(options: { readonly lingers?: boolean } = {}): void {
    this.#lingers = options.lingers ?? false
    this.#held = new Promise((resolve) => (this.#release = resolve))
  }

  /** Lets held jobs end. */
  release(): void {
    this.#held = undefined
    this.#release()
  }

  /** Stops taking jobs. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.release()
    await this.#done
  }

  async #work(): Promise<void> {
    const request = { workerId: 'flat', residentIdentities: [], accepts: () => true }
    while (!this.#stop.signal.aborted) {
      const lease = await this.#store.jobs.claim(request, this.#stop.signal)
      if (lease !== undefined) await this.#run(lease)
    }
  }

  async #run(lease: Lease): Promise<void> {
    const isStopped = await this.#waitWhileHeld(lease)
    await this.#store.jobs.finish(lease, await this.#make(lease, isStopped))
  }

  async #waitWhileHeld(lease: Lease): Promise<boolean> {
    let isStopped = false
    while (this.#held !== undefined && !(isStopped && !this.#lingers)) {
      const pause = new Promise<void>((resolve) => setTimeout(resolve, 10))
      await Promise.race([this.#held, pause])
      isStopped = (await this.#store.jobs.renew(lease)) === 'cancelling'
    }
    return isStopped
  }

  async #make(lease: Lease, isStopped: boolean): Promise<JobOutcome> {
    const { job } = lease.record
    if (job?.kind?.$case === 'extras') return this.#makeExtras(job.kind.value, lease)
    if (job?.kind?.$case === 'controlMap') return this.#makeMaps(job.kind.value, lease)
    if (job?.kind?.$case === 'script') return this.#makeScript(job.kind.value, lease, isStopped)
    if (job?.kind?.$case !== 'generation') throw new Error('only generation jobs are drawn')
    const generation = job.kind.value
    // An interrupted job has its first pass.
    const images = isStopped ? generation.images.slice(0, generation.batchSize) : generation.images
    const drawn: DrawnPicture[] = []
    for (const [imageIndex, image] of images.entries()) {
      const picture = await this.#draw(generation, image)
      const asides = listAsideNames(generation).map((name) => ({ ...picture, name, imageIndex }))
      const isFirst = ({ name }: { name: string }) => name.startsWith('before-')
      drawn.push(...asides.filter(isFirst), picture, ...(await drawCompanions(generation, picture)))
      drawn.push(...asides.filter((aside) => !isFirst(aside)))
    }
    drawn.push(...(await drawMaps(generation)))
    const files = await this.#keep(lease, drawn)
    const result = JobResult.fromPartial({ files, imageIndexes: images.map((_, index) => index) })
    return { kind: isStopped ? 'interrupted' : 'done', result }
  }

  /** The pictures of all parts; where the work puts them together one picture a result, of the size it says. */
  async #makeScript(script: ScriptJob, lease: Lease, isStopped: boolean): Promise<JobOutcome> {
    const parts = isStopped ? script.parts.slice(0, 1) : script.parts
    const whole = await this.#drawWhole(script)
    const drawn = whole ?? (await Promise.all(parts.map((part) => this.#drawPart(part))))
    const files = await this.#keep(lease, drawn.flat())
    const images = parts.reduce((sum, part) => sum + part.images.length, 0)
    const result = JobResult.fromPartial({
      files,
      imageIndexes: Array.from({ length: whole?.length ?? images }, (_, index) => index),
      partFileCounts: whole === undefined ? script.parts.map((_, part) => drawn[part]?.length ?? 0) : [],
    })
    return { kind: isStopped ? 'interrupted' : 'done', result }
  }

  #drawPart(part: GenerationJob): Promise<DrawnPicture[]> {
    return Promise.all(part.images.map((image) => this.#draw(part, image)))
  }

  async #drawWhole({ parts, work }: ScriptJob): Promise<DrawnPicture[][] | undefined> {
    if (work === undefined || work.$case === 'loopback') return undefined
    const source = (work.value.image && (await this.#store.blobs.read(work.value.image))) ?? new Uint8Array()
    const { width, height } = await sharp(source).metadata()
    if (work.$case === 'tiles') {
      const { upscaler, factor, extension, partsEach } = work.value
      const side = (size: number, ...added: (number | undefined)[]) =>
        (upscaler === undefined ? size : Math.floor((size * factor) / 8) * 8) +
        added.reduce<number>((sum, one) => sum + (one ?? 0), 0)
      const [w, h] = [
        side(width, extension?.left, extension?.right),
        side(height, extension?.up, extension?.down),
      ]
      return Promise.all(
        Array.from({ length: parts.length / partsEach }, async () => [await drawBlack(w, h, 3)]),
      )
    }
    const { steps } = work.value
    const added = (sides: readonly OutpaintSide[]) =>
      steps.filter(({ side }) => sides.includes(side)).reduce((sum, { pixels }) => sum + pixels, 0)
    const w = width + added([OutpaintSide.OUTPAINT_SIDE_LEFT, OutpaintSide.OUTPAINT_SIDE_RIGHT])
    const h = height + added([OutpaintSide.OUTPAINT_SIDE_UP, OutpaintSide.OUTPAINT_SIDE_DOWN])
    return Promise.all(
      Array.from({ length: parts.length / steps.length }, async (_, round) =>
        Promise.all(parts[round * steps.length]!.images.map(() => drawBlack(w, h, 3))),
      ),
    )
  }

  async #makeExtras(extras: ExtrasJob, lease: Lease): Promise<JobOutcome> {
    const sources = await Promise.all(
      extras.pictures.map(
        async ({ image }) => (image && (await this.#store.blobs.read(image))) ?? new Uint8Array(),
      ),
    )
    const files = await this.#keep(lease, await this.#drawExtras(extras, sources))
    return { kind: 'done', result: JobResult.fromPartial({ files }) }
  }

  async #makeMaps({ pictures, preprocessing }: ControlMapJob, lease: Lease): Promise<JobOutcome> {
    const drawn = pictures.map(async ({ image, mask }) => {
      const source = (image && (await this.#store.blobs.read(image))) ?? new Uint8Array()
      const { width, height } = await sharp(source).metadata()
      const resolution = preprocessing?.resolution ?? 0
      const factor = resolution > 0 ? resolution / Math.min(width, height) : 1
      return drawBlack(width * factor, height * factor, mask === undefined ? 3 : 4)
    })
    const files = await this.#keep(lease, await Promise.all(drawn))
    return { kind: 'done', result: JobResult.fromPartial({ files }) }
  }

  async #keep({ record, epoch }: Lease, drawn: readonly DrawnPicture[]): Promise<NamedFile[]> {
    const files: NamedFile[] = []
    for (const [index, { bytes, mediaType, ...facts }] of drawn.entries()) {
      const key = toResultKey(record.job?.id ?? '', epoch, index)
      const blob = await this.#store.blobs.put(key, bytes, mediaType)
      files.push(NamedFile.fromPartial({ blob, ...facts }))
    }
    return files
  }
}

/** What a worker makes for saving alone, where there is something to make it of. */
function listAsideNames({ output, hires, source }: GenerationJob): string[] {
  const isThere: readonly (readonly [AsidePicture, string, boolean | undefined])[] = [
    [AsidePicture.ASIDE_PICTURE_BEFORE_SECOND_PASS, 'before-highres-fix', hires !== undefined],
    [AsidePicture.ASIDE_PICTURE_BEFORE_COLOR_CORRECTION, 'before-color-correction', source?.correctColors],
    [AsidePicture.ASIDE_PICTURE_MASK, 'mask', source?.mask !== undefined],
    [AsidePicture.ASIDE_PICTURE_MASK_COMPOSITE, 'mask-composite', source?.mask !== undefined],
  ]
  const wanted = isThere.filter(
    ([aside, , isMade]) => isMade === true && output?.asides.includes(aside) === true,
  )
  return wanted.map(([, name]) => name)
}

/** The mask and the repainted part of a picture, where the job wants them, of its size. */
async function drawCompanions(
  { source }: GenerationJob,
  { width, height }: DrawnPicture,
): Promise<DrawnPicture[]> {
  const draw = (channels: 3 | 4) => drawBlack(width, height, channels)
  return Promise.all([
    ...(source?.mask?.returnMask === true ? [draw(3)] : []),
    ...(source?.mask?.returnComposite === true ? [draw(4)] : []),
  ])
}

/** The control pictures of a job, of the sizes of its passes. */
async function drawMaps({ controls, hires, width, height }: GenerationJob): Promise<DrawnPicture[]> {
  const sizes = hires === undefined ? [{ width, height }] : [hires, { width, height }]
  const kept = controls.filter(({ keepMap }) => keepMap)
  return Promise.all(kept.flatMap(() => sizes.map((size) => drawBlack(size.width, size.height, 3))))
}

async function drawBlack(width: number, height: number, channels: 3 | 4): Promise<DrawnPicture> {
  const picture = sharp({ create: { width, height, channels, background: '#000000' } })
  return { bytes: rebuildPng(await picture.png().toBuffer()), mediaType: 'image/png', width, height }
}

/** The sources as they are. */
async function copySources(_: ExtrasJob, sources: readonly Uint8Array[]): Promise<DrawnPicture[]> {
  return Promise.all(
    sources.map(async (bytes) => {
      const { width, height } = await sharp(bytes).metadata()
      return { bytes, mediaType: 'image/png', width, height }
    }),
  )
}

/** A grey picture of the size the pipeline would make, with its infotext where the format is PNG. */
export async function drawFlat(job: GenerationJob, image: ImagePlan): Promise<DrawnPicture> {
  const { width, height } = toFinalSize(job)
  const picture = sharp({ create: { width, height, channels: 3, background: '#808080' } })
  if (job.output?.format === ImageFormat.IMAGE_FORMAT_JPEG) {
    return { bytes: await picture.jpeg().toBuffer(), mediaType: 'image/jpeg', width, height }
  }
  if (job.output?.format === ImageFormat.IMAGE_FORMAT_WEBP) {
    return { bytes: await picture.webp().toBuffer(), mediaType: 'image/webp', width, height }
  }
  const png = await picture.png().toBuffer()
  const hasText = job.output?.omitMetadata !== true && image.infotext !== ''
  const texts = hasText ? [{ keyword: 'parameters', text: image.infotext }] : []
  const bytes = rebuildPng(png, texts.map(createPngTextChunk))
  return { bytes, mediaType: 'image/png', width, height }
}

/** Size of a job's pictures: whole latent pixels, the second pass's where there is one. */
export function toFinalSize({ width, height, hires }: GenerationJob): { width: number; height: number } {
  const toPixels = (side: number, cut = 0) => (Math.floor(side / 8) - cut) * 8
  if (hires === undefined) return { width: toPixels(width), height: toPixels(height) }
  return { width: toPixels(hires.width, hires.cropColumns), height: toPixels(hires.height, hires.cropRows) }
}
