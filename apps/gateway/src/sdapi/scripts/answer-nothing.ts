import { formatExactJson, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { jsonAnswer } from '../errors.ts'
import { echoFields, toTimestamp } from '../answer/to-response.ts'
import type { GenerationRequest } from '../request/generation-request.ts'

/** Answers for a script that has nothing to draw: no pictures, and what it tells of the request. */
export function answerNothing(request: GenerationRequest, info: ExactObject, now: number): Response {
  const told = new Map<string, ExactValue>([...info, ['job_timestamp', toTimestamp(now)]])
  return jsonAnswer(
    new Map<string, ExactValue>([
      ['images', []],
      ['parameters', echoFields(request)],
      ['info', formatExactJson(told)],
    ]),
  )
}
