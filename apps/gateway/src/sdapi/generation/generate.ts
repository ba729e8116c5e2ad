import type { Context } from 'hono'
import { type ExactObject } from '@atelier/catalog/exact-json'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import { answerRecord } from '../answer/answer-record.ts'
import { checkGenerationRequest, checkScripts } from './check-request.ts'
import { readControls, storeControls } from '../control/read-controls.ts'
import { httpException, pythonException } from '../errors.ts'
import { planGeneration, type GenerationPlan } from './generation-plan.ts'
import {
  changeOptions,
  optionFlag,
  overrideOptions,
  readOptions,
  type Options,
} from '../options/options-store.ts'
import { requireWorkers } from '../../models/require-workers.ts'
import { applyInfotext } from '../request/apply-infotext.ts'
import { IMG2IMG_FIELDS, TXT2IMG_FIELDS } from '../request/generation-fields.data.ts'
import { GenerationRequest } from '../request/generation-request.ts'
import {
  hashPixels,
  isBlankMask,
  measureUpright,
  NO_PICTURES,
  type PictureFacts,
} from '../request/picture-facts.ts'
import { readBody } from '../request/read-body.ts'
import { readPicture, refuseTooMany, storePicture, type RequestPicture } from '../request/read-picture.ts'
import { requireObject, validateFields } from '../request/validate.ts'
import { readStyles } from '../style-file.ts'
import { answerWithEnd, type Submission } from '../answer/answer-with-end.ts'
import { rootOf } from '../saved/open-saving.ts'
import { saveResults } from '../saved/save-results.ts'
import { storeEcho } from './request-echo.ts'
import { saveSources } from '../saved/save-sources.ts'
import { answerNothing } from '../scripts/answer-nothing.ts'
import { answerScript } from '../scripts/answer-script.ts'
import { chooseScript } from '../scripts/find-script.ts'
import { planScript } from '../scripts/plan-script.ts'
import { saveScript } from '../scripts/save-script.ts'
import type { ScriptPlan } from '../scripts/script.ts'
import { toScriptJob } from '../scripts/to-script-job.ts'
import type { PromptStyle } from '../styles.ts'
import type { PlacedPictures } from './placed-pictures.ts'
import { toJob } from './to-job.ts'

/** Which of the two generation routes. */
export type GenerationRoute = 'txt2img' | 'img2img'

/** Handles a generation route: check, settle, submit, wait, answer. */
export function handleGeneration(deps: GatewayDeps, route: GenerationRoute) {
  const isImageToImage = route === 'img2img'
  return async function generate(c: Context<GatewayEnv>): Promise<Response> {
    const tenant = c.get('tenant')
    const body = requireObject(await readBody(c))
    const own = await readOptions(deps.store.documents, tenant)
    const styles = await readStyles(deps.config)
    const request = readRequest(body, route, { options: own, styles })
    if (isImageToImage && request.value('init_images') === null)
      throw httpException(404, 'Init image not found')
    checkScripts(request, isImageToImage)
    const pictures = isImageToImage ? await readPictures(request) : { sources: [] }
    // An override that no option has is refused before anything else is looked at.
    const options = overrideOptions(own, request.record('override_settings'))
    await requireWorkers(deps.models)
    const chosen = chooseScript(request, isImageToImage)
    if (chosen?.script.checksParts !== true) checkGenerationRequest(request, deps.models)
    if (isImageToImage) checkPictures(request, pictures)
    const facts = isImageToImage ? await describePictures(request, pictures, options) : NO_PICTURES
    const common = { models: deps.models, options: own, styles, isImageToImage, pictures: facts }
    const inputs = { ...common, random: deps.random }
    const submission = {
      ...{ route, body, taskId: request.text('force_task_id') ?? '' },
      onAdmission: async () => {
        await saveSources(pictures.sources, { root: rootOf(deps, tenant), options })
        await keepOverrides(deps, tenant, request)
      },
    }
    const settled = { tenant, route, request, styles, pictures }
    if (chosen === undefined) {
      const plan = planGeneration(request, inputs)
      return answerWithEnd(deps, c, { ...submission, ...(await submitGeneration(deps, plan, settled)) })
    }
    const source = await measureUpright(pictures.sources[0])
    const plan = planScript(chosen, request, { ...inputs, source })
    if (plan.parts.length === 0) return answerNothing(request, plan.info, deps.now())
    return answerWithEnd(deps, c, { ...submission, ...(await submitScript(deps, plan, settled)) })
  }
}

interface Settled {
  readonly tenant: string
  readonly route: GenerationRoute
  readonly request: GenerationRequest
  readonly styles: readonly PromptStyle[]
  readonly pictures: Pictures
}

type JobMaking = Pick<Submission, 'createJob' | 'answer'>

async function submitGeneration(
  deps: GatewayDeps,
  plan: GenerationPlan,
  { tenant, route, request, styles, pictures }: Settled,
): Promise<JobMaking> {
  const controls = await readControls(deps, plan.control)
  let ownId = ''
  return {
    createJob: async (identity) => {
      ownId = identity.id
      const stored = await storePictures(deps, tenant, pictures)
      const units = await storeControls(deps, tenant, controls)
      const echo = await storeEcho(deps.store.blobs, tenant, request, route)
      return toJob(plan, { ...stored, controls: units, echo }, deps.models, identity)
    },
    answer: (record) =>
      answerRecord(deps, request, record, async (finished) => {
        // A request that attached to another one's job finds its pictures saved.
        if (record.job?.id === ownId) await saveResults(deps, plan, styles, finished)
      }),
  }
}

async function submitScript(
  deps: GatewayDeps,
  plan: ScriptPlan,
  { tenant, route, request, styles, pictures }: Settled,
): Promise<JobMaking> {
  const controls = await Promise.all(plan.parts.map(({ control }) => readControls(deps, control)))
  let ownId = ''
  return {
    createJob: async (identity) => {
      ownId = identity.id
      const stored = await storePictures(deps, tenant, pictures)
      const units = await Promise.all(controls.map((one) => storeControls(deps, tenant, one)))
      const ofParts = units.map((one) => ({ ...stored, controls: one }))
      const echo = await storeEcho(deps.store.blobs, tenant, request, route)
      return toScriptJob(plan, { pictures: ofParts, echo }, deps.models, identity)
    },
    answer: (record) =>
      answerScript(deps, request, record, async (finished) => {
        if (record.job?.id === ownId) await saveScript(deps, plan, styles, finished)
      }),
  }
}

function readRequest(
  body: ExactObject,
  route: GenerationRoute,
  settings: { options: Options; styles: Awaited<ReturnType<typeof readStyles>> },
): GenerationRequest {
  const definitions = route === 'txt2img' ? TXT2IMG_FIELDS : IMG2IMG_FIELDS
  const fields = validateFields(body, definitions)
  return new GenerationRequest(applyInfotext(fields, body, { ...settings, target: route, definitions }))
}

interface Pictures {
  readonly sources: readonly RequestPicture[]
  readonly mask?: RequestPicture
}

/** Takes the pictures of a request, the mask first. */
async function readPictures(request: GenerationRequest): Promise<Pictures> {
  const mask = request.text('mask') || undefined
  const maskPicture = mask === undefined ? undefined : await readPicture(mask)
  const sources = []
  for (const value of request.list('init_images')) sources.push(await readPicture(value))
  refuseTooMany(maskPicture === undefined ? sources : [maskPicture, ...sources])
  return { sources, ...(maskPicture ? { mask: maskPicture } : {}) }
}

/** Refuses numbers of pictures that A1111 fails on, and an empty mask, in its words. */
function checkPictures(request: GenerationRequest, { sources }: Pictures): void {
  if (request.text('mask') === '')
    throw pythonException('AttributeError', "'str' object has no attribute 'mode'")
  if (sources.length === 0) {
    const text = 'Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [0]'
    throw pythonException('RuntimeError', text)
  }
  const batchSize = request.count('batch_size')
  if (sources.length > batchSize) {
    const text = `bad number of images passed: ${sources.length}; expecting ${batchSize} or less`
    throw pythonException('RuntimeError', text)
  }
}

async function describePictures(
  request: GenerationRequest,
  { sources, mask }: Pictures,
  options: Options,
): Promise<PictureFacts> {
  const last = sources.at(-1)
  const keepsSources = optionFlag(options, 'save_init_img') && last !== undefined
  const isInverted = request.count('inpainting_mask_invert') !== 0
  return {
    mask: mask === undefined ? 'none' : (await isBlankMask(mask, isInverted)) ? 'blank' : 'filled',
    sourceHash: keepsSources ? await hashPixels(last) : undefined,
  }
}

async function storePictures(
  deps: GatewayDeps,
  tenant: string,
  { sources, mask }: Pictures,
): Promise<Pick<PlacedPictures, 'sources' | 'mask'>> {
  const store = (picture: RequestPicture) => storePicture(deps.store.blobs, tenant, picture)
  const stored = await Promise.all(sources.map(store))
  return { sources: stored, ...(mask ? { mask: await store(mask) } : {}) }
}

/** Overrides that a request does not want taken back become the tenant's options. */
async function keepOverrides(deps: GatewayDeps, tenant: string, request: GenerationRequest): Promise<void> {
  const overrides = request.record('override_settings')
  if (request.flag('override_settings_restore_afterwards') || overrides.size === 0) return
  await changeOptions(deps.store.documents, tenant, overrides)
}
