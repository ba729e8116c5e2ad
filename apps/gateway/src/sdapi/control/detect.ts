import type { Context } from 'hono'
import { findPreprocessor, type Preprocessor, type Slider } from '@atelier/catalog'
import { isExactObject, parseExactJson, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import {
  ImageFormat,
  Job,
  Surface,
  type BlobRef,
  type OutputSettings,
  type Preprocessing,
} from '@atelier/proto'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import { toModelRef, type ModelIndex } from '../../models/model-index.ts'
import { refuseFailed } from '../answer/answer-record.ts'
import { readImages } from '../job-files.ts'
import { httpException, jsonAnswer } from '../errors.ts'
import { readOptions } from '../options/options-store.ts'
import { DETECT_FIELDS } from '../request/extras-fields.data.ts'
import { readBody } from '../request/read-body.ts'
import { readPicture, storePicture, type RequestPicture } from '../request/read-picture.ts'
import { validateParameters, type CheckedFields } from '../request/validate.ts'
import { answerWithEnd } from '../answer/answer-with-end.ts'
import type { JobIdentity } from '../generation/to-job.ts'
import { toOutput } from '../generation/to-output.ts'
import { findPreprocessorFiles, whyMissing } from './preprocessor-files.ts'

/** Preprocessors that give no picture to answer with, by the name a request may have. */
const NOT_SUPPORTED = new Set([
  'clip_vision',
  'revision_clipvision',
  'revision_ignore_prompt',
  'ip-adapter-auto',
])
/** Seeds there are for preprocessors that draw lots. */
const SEEDS = 2 ** 32

/** POST /controlnet/detect: the control pictures of pictures. */
export function handleDetect(deps: GatewayDeps) {
  return async function detect(c: Context<GatewayEnv>): Promise<Response> {
    const sent = await readBody(c)
    const fields = validateParameters(sent, DETECT_FIELDS)
    const body = isExactObject(sent ?? null) ? (sent as ExactObject) : new Map<string, ExactValue>()
    const preprocessor = checkDetection(fields, deps.models)
    const { network, detector } = findPreprocessorFiles(deps.models, preprocessor)
    const images = await readPictures(imagesOf(fields))
    const masks = preprocessor.needsMask ? await readPictures(listOf(fields, 'controlnet_masks')) : []
    const tenant = c.get('tenant')
    const options = await readOptions(deps.store.documents, tenant)
    const store = (picture: RequestPicture) => storePicture(deps.store.blobs, tenant, picture)
    return answerWithEnd(deps, c, {
      ...{ route: 'detect', body, taskId: '' },
      createJob: async (identity) =>
        toDetectJob(identity, {
          images: await Promise.all(images.map(store)),
          masks: await Promise.all(masks.map(store)),
          preprocessing: {
            ...toPreprocessing(fields, preprocessor, deps.random),
            network: network && toModelRef(network),
            detector: detector && toModelRef(detector),
          },
          output: { ...toOutput(options, options), format: ImageFormat.IMAGE_FORMAT_PNG },
        }),
      onAdmission: async () => undefined,
      async answer(record) {
        refuseFailed(record)
        const made = await readImages(deps, record)
        const images = made.map((bytes) => Buffer.from(bytes).toString('base64'))
        return jsonAnswer(toDetectBody(images, record.result?.poseJson))
      },
    })
  }
}

/** The body of a detection's answer; pictures in base64, poses as JSON texts. */
export function toDetectBody(images: readonly string[], poses: readonly string[] = []): ExactObject {
  return new Map<string, ExactValue>([
    ['info', 'Success'],
    ...(poses.length > 0 ? [['poses', poses.map((text) => parseExactJson(text))] as const] : []),
    ['images', [...images]],
  ])
}

/** Refuses in the extension's order and words; a preprocessor whose network is missing is refused last. */
function checkDetection(fields: CheckedFields, models: ModelIndex): Preprocessor {
  const name = String(fields.get('controlnet_module'))
  const preprocessor = findPreprocessor(name)
  if (preprocessor === undefined) throw httpException(422, 'Module not available')
  if (NOT_SUPPORTED.has(name)) throw httpException(422, 'Module not supported')
  const [images, masks] = [imagesOf(fields).length, listOf(fields, 'controlnet_masks').length]
  if (images === 0) throw httpException(422, 'No image selected')
  if (preprocessor.needsMask && masks !== images)
    throw httpException(422, `Preprocessor ${name} requires \`controlnet_masks\` param.`)
  const reason = preprocessor.isBuiltIn ? undefined : whyMissing(preprocessor, models)
  if (reason !== undefined) throw httpException(422, `Module not supported: ${preprocessor.label}, ${reason}`)
  return preprocessor
}

/** The pictures by the field's name of today, or by the one it had. */
function imagesOf(fields: CheckedFields): readonly ExactValue[] {
  const images = listOf(fields, 'controlnet_input_images')
  return images.length > 0 ? images : listOf(fields, 'controlnet_images')
}

function listOf(fields: CheckedFields, name: string): readonly ExactValue[] {
  const value = fields.get(name)
  return Array.isArray(value) ? value : []
}

async function readPictures(values: readonly ExactValue[]): Promise<RequestPicture[]> {
  const pictures: RequestPicture[] = []
  for (const value of values) pictures.push(await readPicture(value))
  return pictures
}

function toPreprocessing(
  fields: CheckedFields,
  preprocessor: Preprocessor,
  random: () => number,
): Preprocessing {
  const settle = (name: string, { minimum, maximum, value }: Slider): number => {
    const given = Number(fields.get(name))
    return given >= Number(minimum) && given <= Number(maximum) ? given : Number(value)
  }
  return {
    module: preprocessor.name,
    resolution: Math.trunc(settle('controlnet_processor_res', preprocessor.resolution)),
    thresholdA: settle('controlnet_threshold_a', preprocessor.thresholdA),
    thresholdB: settle('controlnet_threshold_b', preprocessor.thresholdB),
    seed: Math.floor(random() * SEEDS),
    ...{ network: undefined, detector: undefined },
  }
}

interface Detection {
  readonly images: readonly BlobRef[]
  readonly masks: readonly BlobRef[]
  readonly preprocessing: Preprocessing
  readonly output: OutputSettings
}

function toDetectJob({ now, ...ids }: JobIdentity, { images, masks, preprocessing, output }: Detection): Job {
  const pictures = images.map((image, index) => ({ image, mask: masks[index] }))
  return Job.fromPartial({
    ...ids,
    surface: Surface.SURFACE_SDAPI,
    submittedAtMs: now,
    models: [preprocessing.network, preprocessing.detector].filter((file) => file !== undefined),
    kind: { $case: 'controlMap', value: { pictures, preprocessing, output } },
  })
}
