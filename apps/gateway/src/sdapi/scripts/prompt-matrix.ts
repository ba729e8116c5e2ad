import type { ExactValue } from '@atelier/catalog/exact-json'
import { fixSeed } from '../generation/draw-seed.ts'
import { pythonException } from '../errors.ts'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import { refuseTooManyParts } from './limits.ts'
import { describePrompts } from './processed.ts'
import type { Script, ScriptContext, ScriptPlan } from './script.ts'
import { isTruthy, takeInteger } from './values.ts'

const MAX_MARGIN = 500
/** More variable parts than this are too many images at once. */
const MAX_PARTS = 8

/** Draws every combination of a prompt's parts, which vertical bars separate; the first one is in all of them. */
export const PROMPT_MATRIX: Script = {
  title: 'prompt matrix',
  args: ['put_at_start', 'different_seeds', 'prompt_type', 'variations_delimiter', 'margin_size'],
  plan(context) {
    const [putAtStart = null, differentSeeds = null, type = null, delimiter = null, margin] = context.args
    if (type !== 'positive' && type !== 'negative')
      throw pythonException('ValueError', `Unknown prompt type ${String(type)}`)
    if (delimiter !== 'comma' && delimiter !== 'space')
      throw pythonException('ValueError', `Unknown variations delimiter ${String(delimiter)}`)
    const field = type === 'positive' ? 'prompt' : 'negative_prompt'
    const texts = (context.request.text(field) ?? '').split('|')
    if (texts.length - 1 > MAX_PARTS) refuseTooManyParts(2 ** (texts.length - 1), 0)
    const separator = delimiter === 'comma' ? ', ' : ' '
    return planMatrix(context, {
      field,
      texts,
      prompts: combine(texts, { isFirst: isTruthy(putAtStart), separator }),
      hasOwnSeeds: isTruthy(differentSeeds),
      margin: takeInteger(margin, 'margin_size', [0, MAX_MARGIN]),
    })
  },
}

interface Matrix {
  readonly field: string
  readonly texts: readonly string[]
  readonly prompts: readonly string[]
  readonly hasOwnSeeds: boolean
  readonly margin: number
}

function combine(
  [base = '', ...parts]: readonly string[],
  { isFirst, separator }: { isFirst: boolean; separator: string },
): string[] {
  return Array.from({ length: 2 ** parts.length }, (_, combination) => {
    const chosen = parts
      .filter((_part, bit) => (combination & (1 << bit)) !== 0)
      .map((part) => part.trim().replace(/^,+|(?<!,),+$/g, ''))
    return (isFirst ? [...chosen, base] : [base, ...chosen]).join(separator)
  })
}

/** A generation for each batch, which has the LoRAs of its first prompt. */
function planMatrix(context: ScriptContext, matrix: Matrix): ScriptPlan {
  const { request } = context
  const { field, texts, prompts, hasOwnSeeds, margin } = matrix
  const size = Math.max(request.count('batch_size'), 1)
  refuseTooManyParts(Math.ceil(prompts.length / size), prompts.length)
  const seed = fixSeed(request.integer('seed'), context.random)
  const subseed = fixSeed(request.integer('subseed'), context.random)
  const parts: GenerationPlan[] = []
  for (let first = 0; first < prompts.length; first += size) {
    const mine = prompts.slice(first, first + size)
    const settled = mine.map((prompt, at) =>
      context.plan(
        request.with({
          ...{ [field]: prompt, n_iter: 1n, batch_size: 1n, subseed: subseed + BigInt(first + at) },
          seed: seed + (hasOwnSeeds ? BigInt(first + at) : 0n),
        }),
      ),
    )
    parts.push(join(settled))
  }
  return {
    parts,
    names: parts.map((_, index) =>
      parts.length > 1
        ? `Batch ${index + 1} out of ${parts.length}`
        : `scripts_${context.isImageToImage ? 'img' : 'txt'}2img`,
    ),
    info: describeMatrix(context, parts),
    answer: { texts: 'own', grid: { kind: 'matrix', parts: texts.slice(1), margin } },
  }
}

/** Plans of one image each as one of several. */
function join(plans: readonly GenerationPlan[]): GenerationPlan {
  return {
    ...plans[0]!,
    batchSize: plans.length,
    seeds: plans.flatMap(({ seeds }) => seeds),
    subseeds: plans.flatMap(({ subseeds }) => subseeds),
    imagePrompts: plans,
  }
}

function describeMatrix(context: ScriptContext, parts: readonly GenerationPlan[]): Map<string, ExactValue> {
  const whole = join(parts.flatMap((part) => part.imagePrompts as readonly GenerationPlan[]))
  return new Map<string, ExactValue>([
    ...context.describe(parts[0]!),
    ...describePrompts(whole),
    ['all_seeds', [...whole.seeds]],
    ['all_subseeds', [...whole.subseeds]],
    ['batch_size', context.request.value('batch_size')],
  ])
}
