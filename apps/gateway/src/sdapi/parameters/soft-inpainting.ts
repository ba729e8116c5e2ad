import { isExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import type { SoftInpainting } from '@atelier/proto'
import { pythonException } from '../errors.ts'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import type { Parameter } from './parameter.ts'

const TITLE = 'soft inpainting'
/** Arguments of the script after its switch: their names, what they are when they are not sent, and their limits. */
const ARGUMENTS = [
  ['Soft inpainting schedule bias', 1n, [0, 8]],
  ['Soft inpainting preservation strength', 0.5, [0, 8]],
  ['Soft inpainting transition contrast boost', 4n, [1, 32]],
  ['Soft inpainting mask influence', 0n, [0, 1]],
  ['Soft inpainting difference threshold', 0.5, [0, 1000]],
  ['Soft inpainting difference contrast', 2n, [0, 1000]],
] as const

type Settings = Pick<GenerationPlan, 'request' | 'pictures' | 'isImageToImage'>

/** What the always-on script "soft inpainting" adds where a request switches it on and sends a mask. */
export function listSoftInpaintingParameters(plan: Settings): Parameter[] {
  const values = readArguments(plan)
  if (values === undefined) return []
  return [
    { key: 'Soft inpainting enabled', value: true },
    ...ARGUMENTS.map(([key], index) => ({ key, value: values[index] ?? null })),
  ]
}

/**
 * The settings of soft inpainting; undefined where it is off.
 * @throws ApiError for values that cannot be
 */
export function toSoftInpainting(plan: Settings): SoftInpainting | undefined {
  const values = readArguments(plan)
  if (values === undefined) return undefined
  const [bias, strength, boost, influence, threshold, contrast] = ARGUMENTS.map(([key, , limits], index) =>
    checkNumber(values[index] ?? null, key, limits),
  ) as [number, number, number, number, number, number]
  return {
    ...{ scheduleBias: bias, preservationStrength: strength, contrastBoost: boost, maskInfluence: influence },
    ...{ differenceThreshold: threshold, differenceContrast: contrast },
  }
}

function readArguments({ request, pictures, isImageToImage }: Settings): ExactValue[] | undefined {
  if (!isImageToImage || pictures.mask === 'none') return undefined
  const settings = [...request.record('alwayson_scripts')].find(([name]) => name.toLowerCase() === TITLE)?.[1]
  const args = isExactObject(settings) ? settings.get('args') : undefined
  if (!Array.isArray(args) || args[0] !== true) return undefined
  return ARGUMENTS.map(([, fallback], index) => args[index + 1] ?? fallback)
}

function checkNumber(value: ExactValue, name: string, [low, high]: readonly [number, number]): number {
  const number = typeof value === 'bigint' || typeof value === 'number' ? Number(value) : NaN
  if (number >= low && number <= high) return number
  throw pythonException(
    'ValueError',
    `${name} must be a number between ${low} and ${high}, got ${String(value)}`,
  )
}
