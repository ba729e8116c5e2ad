import { isExactObject, toPythonTypeName, type ExactValue } from '@atelier/catalog/exact-json'
import { isDiffusersScheduler, WEBUI_SAMPLERS } from '@atelier/catalog'
import type { ModelIndex } from '../../models/model-index.ts'
import { httpException, pythonException } from '../errors.ts'
import { ALWAYS_ON_SCRIPTS, SELECTABLE_SCRIPTS } from '../lists/scripts.data.ts'
import { LATENT_UPSCALE_MODES } from '../lists/upscalers.data.ts'
import { findUpscaler } from '../lists/upscalers.ts'
import { refinerName } from '../parameters/refiner-parameters.ts'
import type { GenerationRequest } from '../request/generation-request.ts'
import { searchCheckpoint } from './resolve-checkpoint.ts'

/** Largest picture, pixels a side. */
const MAX_SIDE = 8192
/** Most images of one request, and of one batch. */
const MAX_IMAGES = 256
const MAX_BATCH = 64
/** Most sampling steps. */
const MAX_STEPS = 10_000
/** Pixels of one latent pixel's side. */
const LATENT_PIXELS = 8
/** What the first convolution adds around a latent, latent pixels, and what it needs. */
const PADDING = 2
const KERNEL = 3

/**
 * Refuses scripts that are not there, as A1111 does before it queues a request.
 * @throws ApiError
 */
export function checkScripts(request: GenerationRequest, isImageToImage: boolean): void {
  const script = request.text('script_name')
  const selectable = SELECTABLE_SCRIPTS[isImageToImage ? 'img2img' : 'txt2img']
  if (script !== null && script !== '' && !selectable.has(script.toLowerCase())) {
    throw httpException(422, `Script '${script}' not found`)
  }
  for (const [name, settings] of request.record('alwayson_scripts')) {
    const title = name.toLowerCase()
    if (!ALWAYS_ON_SCRIPTS.has(title) && !selectable.has(title)) {
      throw httpException(422, `Script '${name}' not found`)
    }
    if (selectable.has(title)) {
      throw httpException(422, 'Cannot have a selectable script in the always on scripts params')
    }
    if (isExactObject(settings)) checkArguments(settings.get('args'))
  }
}

function checkArguments(args: ExactValue | undefined): void {
  if (args === undefined || Array.isArray(args) || typeof args === 'string' || isExactObject(args)) return
  throw pythonException('TypeError', `object of type '${toPythonTypeName(args)}' has no len()`)
}

/**
 * Refuses what cannot be run, in the words A1111's own failures have; limits that it does not know name themselves.
 * @throws ApiError
 */
export function checkGenerationRequest(request: GenerationRequest, models: ModelIndex): void {
  if (request.text('prompt') === null) throw pythonException('AssertionError', '')
  checkRefiner(request, models)
  checkCounts(request)
  if (request.flag('enable_hr')) checkHires(request, models)
  if (request.text('negative_prompt') === null) {
    throw pythonException('TypeError', "'NoneType' object is not iterable")
  }
  checkSteps(request)
  checkSize(request)
  if (request.value('cfg_scale') === null) {
    throw pythonException('TypeError', "unsupported operand type(s) for *: 'float' and 'NoneType'")
  }
}

function checkRefiner(request: GenerationRequest, models: ModelIndex): void {
  const refiner = refinerName({ request })
  if (refiner !== undefined && searchCheckpoint(models, refiner) === undefined) {
    throw pythonException('Exception', `Could not find checkpoint with name ${refiner}`)
  }
}

function checkCounts(request: GenerationRequest): void {
  const types = ['batch_size', 'n_iter'].map((name) => toPythonTypeName(request.value(name)))
  if (types.includes('NoneType')) {
    const text = types.map((type) => `'${type}'`).join(' and ')
    throw pythonException('TypeError', `unsupported operand type(s) for *: ${text}`)
  }
  const [batchSize, repeats] = [request.count('batch_size'), request.count('n_iter')]
  if (batchSize < 1 || repeats < 1) throw pythonException('IndexError', 'list index out of range')
  refuseAbove('batch_size', batchSize, MAX_BATCH)
  refuseAbove('batch_size x n_iter', batchSize * repeats, MAX_IMAGES)
}

function checkSteps(request: GenerationRequest): void {
  if (request.value('steps') === null) {
    throw pythonException('TypeError', "unsupported operand type(s) for //: 'NoneType' and 'NoneType'")
  }
  const steps = request.count('steps')
  if (steps === 0) throw pythonException('ZeroDivisionError', 'integer division or modulo by zero')
  if (steps < 0) throw pythonException('RuntimeError', 'number of steps must be non-negative')
  refuseAbove('steps', steps, MAX_STEPS)
}

/**
 * Refuses a second pass of no size, in the words of what fails in A1111 after the first one, and one that is too large.
 * @throws ApiError
 */
export function checkHiresSize(target: PictureSize, first: PictureSize, upscaler: string): void {
  for (const name of ['height', 'width'] as const)
    refuseAbove(`${name} of the second pass`, target[name], MAX_SIDE)
  const isLatent = LATENT_UPSCALE_MODES.includes(upscaler)
  const [from, to] = [first, target].map(({ width, height }) => ({
    height: isLatent ? Math.floor(height / LATENT_PIXELS) : height,
    width: isLatent ? Math.floor(width / LATENT_PIXELS) : width,
  })) as [PictureSize, PictureSize]
  if (Math.min(to.height, to.width) > 0) return
  if (!isLatent) throw pythonException('ValueError', 'height and width must be > 0')
  const tell = ({ height, width }: PictureSize) => `(H: ${height}, W: ${width})`
  throw pythonException(
    'RuntimeError',
    `Input and output sizes should be greater than 0, but got input ${tell(from)} output ${tell(to)}`,
  )
}

interface PictureSize {
  readonly width: number
  readonly height: number
}

function checkSize(request: GenerationRequest): void {
  const sides = ['height', 'width'].map((name) => checkSide(request, name))
  const [height = 0, width = 0] = sides.map((pixels) => Math.floor(pixels / LATENT_PIXELS))
  const negative = [height, width].find((side) => side < 0)
  if (negative !== undefined) {
    const shape = `[4, ${height}, ${width}]`
    throw pythonException(
      'RuntimeError',
      `Trying to create tensor with negative dimension ${negative}: ${shape}`,
    )
  }
  if (height === 0 || width === 0) {
    const padded = `(${height + PADDING} x ${width + PADDING})`
    throw pythonException(
      'RuntimeError',
      `Calculated padded input size per channel: ${padded}. Kernel size: (${KERNEL} x ${KERNEL}). ` +
        "Kernel size can't be greater than actual input size",
    )
  }
}

function checkSide(request: GenerationRequest, name: string): number {
  if (request.value(name) === null) {
    throw pythonException('TypeError', "unsupported operand type(s) for //: 'NoneType' and 'int'")
  }
  refuseAbove(name, request.count(name), MAX_SIDE)
  return request.count(name)
}

function refuseAbove(name: string, value: number, limit: number): void {
  if (value > limit) throw pythonException('ValueError', `${name} must be at most ${limit}, got ${value}`)
}

function checkHires(request: GenerationRequest, models: ModelIndex): void {
  const checkpoint = request.text('hr_checkpoint_name')
  const isOther = checkpoint !== null && checkpoint !== '' && checkpoint !== 'Use same checkpoint'
  if (isOther && searchCheckpoint(models, checkpoint) === undefined) {
    throw pythonException('Exception', `Could not find checkpoint with name ${checkpoint}`)
  }
  const steps = request.count('hr_second_pass_steps')
  if (steps < 0) throw pythonException('RuntimeError', 'number of steps must be non-negative')
  refuseAbove('hr_second_pass_steps', steps, MAX_STEPS)
  const upscaler = request.text('hr_upscaler')
  const isKnown =
    upscaler === null ||
    LATENT_UPSCALE_MODES.includes(upscaler) ||
    findUpscaler(models, upscaler) !== undefined
  if (!isKnown) {
    throw pythonException('Exception', `could not find upscaler named ${upscaler}`)
  }
  const sampler = request.text('hr_sampler_name')
  if (
    sampler !== null &&
    sampler !== '' &&
    !WEBUI_SAMPLERS.some(({ name }) => name === sampler) &&
    !isDiffusersScheduler(sampler)
  ) {
    throw pythonException('AssertionError', `bad sampler name: ${sampler}`)
  }
  if (request.number('denoising_strength') === null) {
    throw pythonException('TypeError', "'>' not supported between instances of 'NoneType' and 'int'")
  }
}
