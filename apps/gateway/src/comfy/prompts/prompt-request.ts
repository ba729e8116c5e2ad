import { isExactObject, toPythonString, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { isTruthy, toFloat } from '../graph/convert-literal.ts'
import { PythonError } from '../graph/python-error.ts'
import { memberOf, requireObject } from '../read-body.ts'
import { RequestFault } from '../request-fault.ts'

/** What a client wants of the queue: a place of its own choosing, or the next number, ahead of all or behind. */
export type WantedNumber =
  { readonly kind: 'given'; readonly number: number } | { readonly kind: 'next' | 'front' }

/** The body of POST /prompt, taken apart but not yet checked. */
export interface PromptRequest {
  readonly prompt: ExactValue
  /** The id the client chose; undefined: it chose none. */
  readonly promptId: string | undefined
  /** `partial_execution_targets`; undefined: all outputs. */
  readonly targets: ExactValue | undefined
  /** The websocket client that hears of the run; empty: those that gave no id. */
  readonly clientId: string
}

/** Keys for paid services of others: never stored, never shown. */
const SECRETS = ['auth_token_comfy_org', 'api_key_comfy_org']

/**
 * The place in the queue a body asks for.
 * @throws RequestFault when its number is no number
 */
export function parseWantedNumber(body: ExactValue): WantedNumber {
  const number = memberOf(body, 'number')
  if (number === undefined) return { kind: isTruthy(memberOf(body, 'front')) ? 'front' : 'next' }
  try {
    return { kind: 'given', number: toFloat(number) }
  } catch (error) {
    if (error instanceof PythonError) throw new RequestFault('number is no number', { cause: error })
    throw error
  }
}

/** Takes a body apart; undefined when it has no prompt. */
export function parsePromptRequest(body: ExactValue): PromptRequest | undefined {
  const prompt = memberOf(body, 'prompt')
  if (prompt === undefined) return undefined
  const promptId = memberOf(body, 'prompt_id')
  const clientId = findClientId(body) ?? null
  return {
    prompt,
    promptId: promptId === undefined ? undefined : toPythonString(promptId),
    targets: memberOf(body, 'partial_execution_targets'),
    clientId: clientId === null ? '' : toPythonString(clientId),
  }
}

/** The client's id: its own member, or the one in extra_data where there is none. */
function findClientId(body: ExactValue): ExactValue | undefined {
  const own = memberOf(body, 'client_id')
  if (own !== undefined) return own
  const extraData = memberOf(body, 'extra_data')
  return isExactObject(extraData) ? extraData.get('client_id') : undefined
}

/**
 * extra_data with the client's id in it, without keys for paid services.
 * @throws RequestFault when it is not an object
 */
export function parseExtraData(body: ExactValue): ExactObject {
  const given = memberOf(body, 'extra_data')
  const clientId = memberOf(body, 'client_id')
  const extraData: ExactObject = new Map(given === undefined ? [] : requireObject(given, 'extra_data'))
  for (const secret of SECRETS) extraData.delete(secret)
  if (clientId !== undefined) extraData.set('client_id', clientId)
  return extraData
}
