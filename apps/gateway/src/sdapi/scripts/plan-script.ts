import type { ExactValue } from '@atelier/catalog/exact-json'
import { checkGenerationRequest } from '../generation/check-request.ts'
import { planGeneration, type GenerationPlan, type PlanInputs } from '../generation/generation-plan.ts'
import { optionFlag } from '../options/options-store.ts'
import { listParameters } from '../parameters/list-parameters.ts'
import type { Parameter } from '../parameters/parameter.ts'
import type { GenerationRequest } from '../request/generation-request.ts'
import { listTold, toInfoTemplate } from '../answer/surface-note.ts'
import { writeInfotext } from '../infotext/write-infotext.ts'
import type { ChosenScript } from './find-script.ts'
import type { PartOptions, ScriptContext, ScriptPlan } from './script.ts'

/** What a script's plan is made with beside the request. */
export interface ScriptInputs extends PlanInputs {
  /** Size of the first source picture, upright. */
  readonly source: ScriptContext['source']
}

/**
 * Plans what a script makes of a request.
 * @throws ApiError for arguments that cannot be, and as its generations would
 */
export function planScript(
  { script, args }: ChosenScript,
  request: GenerationRequest,
  { source, ...inputs }: ScriptInputs,
): ScriptPlan {
  const { models, random, isImageToImage } = inputs
  const { options } = planGeneration(request, inputs)
  const parametersOf = (plan: GenerationPlan): Parameter[] => listParameters(plan, models)
  const context: ScriptContext = {
    ...{ request, args, isImageToImage, options, models, source, random, parametersOf },
    plan: (part, given) => planPart(part, inputs, given),
    infotextOf: (plan, more) => writeInfotext(plan, [...parametersOf(plan), ...more], 0),
    describe: (plan) => toInfoTemplate(plan, parametersOf(plan)),
  }
  const plan = script.plan(context)
  const returnsGrid = optionFlag(options, 'return_grid')
  const info = new Map<string, ExactValue>(plan.info)
  if (plan.answer.grid?.kind === 'matrix') info.set('index_of_first_image', 1n)
  const told = listTold(plan.parts.flatMap(parametersOf))
  const answer = returnsGrid || !plan.answer.grid ? plan.answer : withoutGrid(plan.answer)
  return { ...plan, info, told, answer }
}

/** Rows and squares are left out where the options say so; matrices and plots are what was asked for. */
function withoutGrid(answer: ScriptPlan['answer']): ScriptPlan['answer'] {
  const { kind } = answer.grid!
  return kind === 'matrix' || kind === 'plot' ? answer : { texts: answer.texts }
}

function planPart(
  request: GenerationRequest,
  inputs: PlanInputs,
  { parameters = [], makesMask = false }: PartOptions = {},
): GenerationPlan {
  checkGenerationRequest(request, inputs.models)
  const pictures = makesMask ? { ...inputs.pictures, mask: 'filled' as const } : inputs.pictures
  return { ...planGeneration(request, { ...inputs, pictures }), scriptParameters: parameters }
}
