import { toExact, type ExactObject, type ExactValue, type PlainValue } from '@atelier/catalog/exact-json'
import type { GenerationJob, ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { planGeneration, type GenerationPlan, type PlanInputs } from '../generation/generation-plan.ts'
import type { PlacedPictures } from '../generation/placed-pictures.ts'
import { toGeneration } from '../generation/to-job.ts'
import { OPTION_DEFAULTS, UNLISTED_OPTIONS } from '../options/options.data.ts'
import { listParameters } from '../parameters/list-parameters.ts'
import { IMG2IMG_FIELDS, TXT2IMG_FIELDS } from '../request/generation-fields.data.ts'
import { GenerationRequest } from '../request/generation-request.ts'
import { NO_PICTURES, type PictureFacts } from '../request/picture-facts.ts'
import { validateFields } from '../request/validate.ts'
import { RECORDED_MODELS, RECORDED_STYLES } from './recorded-world.ts'

/** A body in JSON's own values; numbers with a fraction of zero are whole. */
export type PlainBody = Readonly<Record<string, PlainValue>>

/** What a request is planned in; absent: what the recorded server had. */
export interface RequestWorld {
  readonly isImageToImage?: boolean
  readonly files?: readonly ModelFile[]
  /** The tenant's options, beside the defaults. */
  readonly options?: PlainBody
  readonly pictures?: PictureFacts
  readonly random?: () => number
}

/** Model files as the gateway's index has them. */
export function indexOf(files: readonly ModelFile[]): ModelIndex {
  return {
    list: (kind) => files.filter((file) => file.kind === kind),
    find: (kind, name) => files.find((file) => file.kind === kind && file.name === name),
    workers: () => [],
    whenKnown: async () => true,
  }
}

/** A body past its checks. */
export function checkBody(body: PlainBody, { isImageToImage = false }: RequestWorld = {}): GenerationRequest {
  const fields = isImageToImage ? IMG2IMG_FIELDS : TXT2IMG_FIELDS
  return new GenerationRequest(validateFields(toExact(body) as ExactObject, fields))
}

/** What a request is planned with. */
export function toPlanInputs(world: RequestWorld = {}): PlanInputs {
  const own = Object.entries(world.options ?? {}).map(([key, value]): [string, ExactValue] => [
    key,
    toExact(value),
  ])
  return {
    models: indexOf(world.files ?? RECORDED_MODELS),
    options: new Map([...OPTION_DEFAULTS, ...UNLISTED_OPTIONS, ...own]),
    styles: RECORDED_STYLES,
    isImageToImage: world.isImageToImage ?? false,
    pictures: world.pictures ?? NO_PICTURES,
    random: world.random ?? Math.random,
  }
}

/** The plan of a body. */
export function planBody(body: PlainBody, world: RequestWorld = {}): GenerationPlan {
  return planGeneration(checkBody(body, world), toPlanInputs(world))
}

/** The generation of a body whose pictures are stored. */
export function generationOf(
  body: PlainBody,
  world: RequestWorld = {},
  pictures: PlacedPictures = { sources: [] },
): GenerationJob {
  const plan = planBody({ prompt: 'a fox', ...body }, world)
  const { models } = toPlanInputs(world)
  return toGeneration(plan, pictures, models, listParameters(plan, models))
}
