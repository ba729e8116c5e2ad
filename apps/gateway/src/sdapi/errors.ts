import type { Context } from 'hono'
import { isAtelierError } from '@atelier/ledger'
import type { ExactValue } from '@atelier/catalog/exact-json'
import type { GatewayEnv } from '../deps.ts'
import type { RouteTable } from '../middleware/route-table.ts'
import { RETRY_AFTER, STATUS_OF_CODE } from '../refusals.ts'
import { formatResponseJson } from './python-json.ts'

/** One entry of a 422 body's `detail`. */
export interface ValidationFault {
  readonly location: readonly (string | number)[]
  readonly message: string
  readonly type: string
  readonly context?: ExactValue
}

/** A request whose fields are wrong: 422 with every fault. */
export class ValidationError extends Error {
  override readonly name = 'ValidationError'
  readonly faults: readonly ValidationFault[]

  constructor(faults: readonly ValidationFault[]) {
    super(faults.map(({ message }) => message).join('; '))
    this.faults = faults
  }
}

/** How an error is told: as FastAPI's own, as A1111's HTTPException body, or as A1111's body of a Python exception. */
export type ApiErrorBody =
  | { readonly kind: 'plain'; readonly status: number; readonly detail: string }
  | { readonly kind: 'http'; readonly status: number; readonly detail: string }
  | { readonly kind: 'exception'; readonly status: number; readonly exception: string; readonly text: string }

/** An error with the answer A1111 gives to it. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly body: ApiErrorBody

  constructor(body: ApiErrorBody, options: ErrorOptions = {}) {
    super(body.kind === 'exception' ? body.text : body.detail, options)
    this.body = body
  }
}

/** An error that A1111's code raises on purpose. */
export function httpException(status: number, detail: string, options: ErrorOptions = {}): ApiError {
  return new ApiError({ kind: 'http', status, detail }, options)
}

/** An exception that A1111's code runs into; clients see its class and text. */
export function pythonException(exception: string, text: string, status = 500): ApiError {
  return new ApiError({ kind: 'exception', status, exception, text })
}

/** JSON as this surface writes it. */
export function jsonAnswer(value: ExactValue, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(formatResponseJson(value), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  })
}

/** The answer to an error of this surface's routes; what we did not foresee hides its text. */
export function answerSdapiError(error: Error): Response {
  if (error instanceof ValidationError)
    return jsonAnswer(new Map([['detail', error.faults.map(toDetail)]]), 422)
  if (error instanceof ApiError) return answerApiError(error.body)
  const status = isAtelierError(error) ? STATUS_OF_CODE[error.code] : undefined
  if (status !== undefined) {
    const answer = answerApiError({ kind: 'http', status, detail: error.message })
    if (isAtelierError(error) && error.retryable) answer.headers.set('retry-after', RETRY_AFTER)
    return answer
  }
  return answerApiError({
    kind: 'exception',
    status: 500,
    exception: 'InternalError',
    text: 'internal error',
  })
}

function answerApiError(body: ApiErrorBody): Response {
  if (body.kind === 'plain') return jsonAnswer(new Map([['detail', body.detail]]), body.status)
  const isException = body.kind === 'exception'
  return jsonAnswer(
    new Map([
      ['error', isException ? body.exception : 'HTTPException'],
      ['detail', isException ? '' : body.detail],
      ['body', ''],
      ['errors', isException ? body.text : ''],
    ]),
    body.status,
  )
}

function toDetail({ location, message, type, context }: ValidationFault): ExactValue {
  const detail = new Map<string, ExactValue>([
    ['loc', location.map((part) => (typeof part === 'number' ? BigInt(part) : part))],
    ['msg', message],
    ['type', type],
  ])
  if (context !== undefined) detail.set('ctx', context)
  return detail
}

/** Known paths with another method. The original names one method, that of the first route it has for the path. */
export function refuseMethod(allowedMethods: readonly string[]): Response {
  return jsonAnswer(new Map([['detail', 'Method Not Allowed']]), 405, { allow: allowedMethods.join(', ') })
}

/** Unknown paths (404), known paths with another method (405), and a trailing slash too many (307). */
export function answerSdapiUnknown(
  c: Context<GatewayEnv>,
  allowedMethods: readonly string[],
  routes: RouteTable,
): Response {
  const { path } = c.req
  if (allowedMethods.length > 0)
    return refuseMethod(path.startsWith('/sdapi/') ? allowedMethods.slice(0, 1) : allowedMethods)
  const bare = path.replace(/(?<!\/)\/+$/, '')
  if (path.endsWith('/') && bare !== '' && routes.allowedMethods(bare).length > 0) {
    const url = new URL(c.req.url)
    return new Response(null, { status: 307, headers: { location: `${url.origin}${bare}${url.search}` } })
  }
  return jsonAnswer(new Map([['detail', 'Not Found']]), 404)
}

/** Missing or wrong credentials. A1111 sends no WWW-Authenticate header. */
export function answerSdapiUnauthorized(_c: Context<GatewayEnv>, refusal: string): Response {
  return answerApiError({ kind: 'http', status: 401, detail: refusal })
}
