import { isExactObject } from '@atelier/catalog/exact-json'
import type { ModelIndex } from '../models/model-index.ts'
import { httpException, pythonException } from './errors.ts'
import { ALWAYS_ON_SCRIPTS, SELECTABLE_SCRIPTS } from './lists/scripts.data.ts'
import type { GenerationRequest } from './request/generation-request.ts'
import { searchCheckpoint } from './resolve-checkpoint.ts'

/** Largest picture, pixels a side. */
const MAX_SIDE = 8192
/** Most images of one request. */
const MAX_IMAGES = 256
const NO_CHECKPOINT = new Set(['', 'None', 'none'])

/**
 * Refuses what cannot be run, in the words A1111's own failures have.
 * @throws ApiError
 */
export function checkGenerationRequest(request: GenerationRequest, models: ModelIndex): void {
  checkScripts(request)
  checkNumbers(request)
  checkHires(request, models)
  const refiner = request.text('refiner_checkpoint')
  if (refiner !== null && !NO_CHECKPOINT.has(refiner) && searchCheckpoint(models, refiner) === undefined) {
    throw pythonException('Exception', `Could not find checkpoint with name ${refiner}`)
  }
}

function checkScripts(request: GenerationRequest): void {
  const script = request.text('script_name')
  if (script !== null && script !== '' && !SELECTABLE_SCRIPTS.has(script.toLowerCase())) {
    throw httpException(422, `Script '${script}' not found`)
  }
  for (const [name, settings] of request.record('alwayson_scripts')) {
    const title = name.toLowerCase()
    if (SELECTABLE_SCRIPTS.has(title)) {
      throw httpException(422, 'Cannot have a selectable script in the always on scripts params')
    }
    if (!ALWAYS_ON_SCRIPTS.has(title)) throw httpException(422, `Script '${name}' not found`)
    const args = isExactObject(settings) ? settings.get('args') : undefined
    if (args !== undefined && !Array.isArray(args)) {
      throw pythonException('TypeError', "object of type 'int' has no len()")
    }
  }
}

function checkNumbers(request: GenerationRequest): void {
  if (request.text('prompt') === null) throw pythonException('AssertionError', '')
  if (request.text('negative_prompt') === null)
    throw pythonException('TypeError', "'NoneType' object is not iterable")
  const steps = request.number('steps')
  if (steps === null)
    throw pythonException('TypeError', "unsupported operand type(s) for *: 'NoneType' and 'int'")
  if (steps === 0) throw pythonException('ZeroDivisionError', 'integer division or modulo by zero')
  if (steps < 0) throw pythonException('RuntimeError', 'number of steps must be non-negative')
  const [batchSize, repeats] = [request.number('batch_size') ?? 0, request.number('n_iter') ?? 0]
  if (batchSize < 1 || repeats < 1) throw pythonException('IndexError', 'list index out of range')
  if (batchSize * repeats > MAX_IMAGES) {
    throw pythonException(
      'ValueError',
      `batch_size x n_iter must be at most ${MAX_IMAGES}, got ${batchSize * repeats}`,
    )
  }
  for (const side of ['width', 'height']) checkSide(side, request.number(side) ?? 0)
}

function checkSide(name: string, pixels: number): void {
  if (pixels < 8) throw pythonException('RuntimeError', `${name} must be at least 8, got ${pixels}`)
  if (pixels > MAX_SIDE)
    throw pythonException('ValueError', `${name} must be at most ${MAX_SIDE}, got ${pixels}`)
}

function checkHires(request: GenerationRequest, models: ModelIndex): void {
  if (!request.flag('enable_hr')) return
  const checkpoint = request.text('hr_checkpoint_name')
  if (
    checkpoint !== null &&
    checkpoint !== 'Use same checkpoint' &&
    searchCheckpoint(models, checkpoint) === undefined
  ) {
    throw pythonException('Exception', `Could not find checkpoint with name ${checkpoint}`)
  }
  if (request.number('denoising_strength') === null) {
    throw pythonException('TypeError', "'>' not supported between instances of 'NoneType' and 'int'")
  }
}
