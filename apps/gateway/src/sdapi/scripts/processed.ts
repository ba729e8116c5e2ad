import type { ExactObject, ExactValue } from '@atelier/catalog/exact-json'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import type { ScriptContext } from './script.ts'

/**
 * The `info` of an answer that a script puts together itself: the last generation's but for the first one's seed, and no
 * variation seed, as A1111 leaves its object.
 */
export function describeProcessed(
  context: ScriptContext,
  parts: readonly GenerationPlan[],
  changes: ExactObject = new Map<string, ExactValue>(),
): ExactObject {
  const last = parts.at(-1)!
  return new Map<string, ExactValue>([
    ...context.describe(last),
    ...describePrompts(last),
    ['seed', parts[0]!.seeds[0] ?? 0n],
    ['all_seeds', [...last.seeds]],
    ['subseed', -1n],
    ['all_subseeds', [...last.subseeds]],
    ...changes,
  ])
}

/** Prompts of a plan as `info` has them. */
export function describePrompts(plan: GenerationPlan): ExactObject {
  const prompts = plan.seeds.map((_, index) => plan.imagePrompts?.[index] ?? plan)
  return new Map<string, ExactValue>([
    ['prompt', prompts[0]?.prompt ?? plan.prompt],
    ['all_prompts', prompts.map(({ prompt }) => prompt)],
    ['negative_prompt', prompts[0]?.negativePrompt ?? plan.negativePrompt],
    ['all_negative_prompts', prompts.map(({ negativePrompt }) => negativePrompt)],
  ])
}
