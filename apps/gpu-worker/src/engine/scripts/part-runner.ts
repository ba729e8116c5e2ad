import { ImageFormat, type GenerationJob, type JobResult, type ScriptJob, type BlobRef } from '@atelier/proto'
import type { EngineFile } from '../../engine-protocol.ts'
import { EngineError } from '../engine-error.ts'
import type { GenerationDeps } from '../generation/generation.ts'
import { countAllPasses, runGeneration } from '../generation/run-generation.ts'
import { encodeImage } from '../image/encode-image.ts'
import type { Pixels } from '../image/pixels.ts'
import { toColours, type Grey } from '../inpaint/grey.ts'
import type { Happening, JobContext } from '../job-context.ts'
import { readWebuiImage } from '../source-image/read-webui-image.ts'

/** Pictures that a script makes for a part, in place of those its request came with. */
export interface PartPictures {
  readonly sources: readonly Pixels[]
  /** White is repainted; absent: the part's own mask. */
  readonly mask?: Grey | undefined
  /** The mask of what is drawn anew in the latent; absent: the mask. */
  readonly latentMask?: Grey | undefined
}

/** What a part of a script made. */
export interface PartOutcome {
  /** Its finished pictures as they were before they were encoded. */
  readonly pictures: readonly Pixels[]
  readonly files: readonly EngineFile[]
  readonly result: JobResult
  /** The job was cancelled while it ran. */
  readonly isStopped: boolean
  /** Its pass was ended early by a wish to skip it. */
  readonly isSkipped: boolean
}

/** Runs the parts of a script, each a generation, and tells their passes as passes of the script. */
export class PartRunner {
  readonly #script: ScriptJob
  readonly #context: JobContext
  readonly #deps: GenerationDeps
  /** Passes before each part, and those of all of them. */
  readonly #passes: readonly number[]

  constructor(script: ScriptJob, context: JobContext, deps: GenerationDeps) {
    this.#script = script
    this.#context = context
    this.#deps = deps
    const passes = [0]
    for (const part of script.parts) passes.push(passes.at(-1)! + countAllPasses(part))
    this.#passes = passes
  }

  /** Tells that the script begins. */
  start(): void {
    this.#context.tell({ $case: 'jobStart', value: { cachedNodeIds: [], passCount: this.#passes.at(-1)! } })
  }

  /** Whether the job was cancelled: no further part is to begin. */
  get isStopped(): boolean {
    return this.#context.cancelled.aborted
  }

  /**
   * Reads a picture of the job.
   * @throws EngineError when it is not stored any more, or no picture
   */
  async read(ref: BlobRef | undefined): Promise<Pixels> {
    const bytes = this.#context.inputs.get(ref?.key ?? '')
    if (bytes === undefined)
      throw new EngineError('internal', `the picture ${ref?.key} is not stored any more`)
    return readWebuiImage(bytes)
  }

  /**
   * Runs one part, over pictures given to it or over its own.
   * @throws EngineError as a generation does
   */
  async run(index: number, given?: PartPictures): Promise<PartOutcome> {
    const part = this.#script.parts[index]
    if (part === undefined) throw new EngineError('invalid-request', `the script has no part ${index}`)
    const { job, inputs } = await give(part, given, this.#context.inputs)
    const pictures: Pixels[] = []
    let isSkipped = false
    const outcome = await runGeneration(
      job,
      {
        ...this.#context,
        inputs,
        finishPixels: (pixels) => {
          const finished = this.#context.finishPixels(pixels)
          pictures.push(finished)
          return finished
        },
        takeSkip: () => {
          const isWanted = this.#context.takeSkip()
          isSkipped ||= isWanted
          return isWanted
        },
        tell: (event) => this.#tell(event, this.#passes[index]!),
      },
      this.#deps,
    )
    if (outcome.kind === 'failed') throw new EngineError('internal', outcome.error.message)
    const { files, result } = outcome
    return { pictures, files, result, isStopped: this.isStopped, isSkipped }
  }

  #tell(event: Happening, firstPass: number): void {
    if (event.$case === 'jobStart') return
    if (event.$case !== 'stepProgress') return this.#context.tell(event)
    const passIndex = event.value.passIndex + firstPass
    this.#context.tell({ ...event, value: { ...event.value, passIndex } })
  }
}

/** A part with pictures of the script's own making, as files beside those of its request. */
async function give(
  part: GenerationJob,
  given: PartPictures | undefined,
  inputs: ReadonlyMap<string, Uint8Array>,
): Promise<{ job: GenerationJob; inputs: ReadonlyMap<string, Uint8Array> }> {
  if (given === undefined || part.source === undefined) return { job: part, inputs }
  const all = new Map(inputs)
  const add = async (name: string, picture: Pixels): Promise<BlobRef> => {
    const { bytes } = await encodeImage(picture, { format: ImageFormat.IMAGE_FORMAT_PNG, compression: 1 })
    const key = `script/${name}`
    all.set(key, bytes)
    return { key, sizeBytes: bytes.length, sha256: '', mediaType: 'image/png' }
  }
  const images: BlobRef[] = []
  for (const [at, picture] of given.sources.entries()) images.push(await add(`source ${at}`, picture))
  const { mask, latentMask } = given
  const own = part.source.mask
  const settings = own && {
    ...own,
    ...(mask && { image: await add('mask', toColours(mask)) }),
    ...(latentMask && { latentImage: await add('latent mask', toColours(latentMask)) }),
  }
  return { job: { ...part, source: { ...part.source, images, mask: settings } }, inputs: all }
}
