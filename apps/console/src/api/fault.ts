/** What a server refused, and where in the request it saw it. */
export interface FieldFault {
  /** Name of the request's field. */
  readonly field: string
  readonly message: string
}

/** A request that was answered with an error, or not at all (`status` 0). */
export class ApiFault extends Error {
  override readonly name = 'ApiFault'
  readonly status: number
  readonly fields: readonly FieldFault[]

  constructor(status: number, message: string, fields: readonly FieldFault[] = []) {
    super(message)
    this.status = status
    this.fields = fields
  }
}

/** Turns an error's body into words; the server has several manners of saying what is wrong. */
export function parseFault(status: number, text: string): ApiFault {
  const body = parseJson(text)
  if (!isRecord(body)) return new ApiFault(status, text.trim().slice(0, 300) || describeStatus(status))
  const { error, detail, errors } = body
  if (Array.isArray(detail)) return toFieldFault(status, detail)
  if (isRecord(error) && typeof error['message'] === 'string') return new ApiFault(status, error['message'])
  const words = [errors, detail, error].find((part) => typeof part === 'string' && part !== '')
  return new ApiFault(
    status,
    typeof words === 'string' ? words : describeStatus(status),
    typeof words === 'string' ? findField(words) : [],
  )
}

/** Limits are told by the name of the field: "width must be at most 8192, got 9000". */
function findField(words: string): FieldFault[] {
  const match = /^([a-z_]+) (must .*)$/s.exec(words)
  return match === null ? [] : [{ field: match[1] ?? '', message: match[2] ?? '' }]
}

/** The words of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function toFieldFault(status: number, detail: readonly unknown[]): ApiFault {
  const fields = detail.filter(isRecord).map((one): FieldFault => {
    const place = Array.isArray(one['loc']) ? one['loc'] : []
    const message = typeof one['msg'] === 'string' ? one['msg'] : 'not accepted'
    return { field: String(place.at(-1) ?? ''), message }
  })
  const message = fields.map((one) => `${one.field}: ${one.message}`).join('; ')
  return new ApiFault(status, message || describeStatus(status), fields)
}

function describeStatus(status: number): string {
  if (status === 0) return 'the server cannot be reached'
  if (status === 401) return 'the key or password was not accepted'
  if (status === 413) return 'the request is too large for the server'
  if (status === 429) return 'too many jobs wait already; try again when some have ended'
  if (status === 503) return 'the server takes no work at the moment; try again in a few seconds'
  return `the server answered with status ${status}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
