import {
  formatExactJson,
  isExactObject,
  parseExactJson,
  type ExactObject,
  type ExactValue,
} from '@atelier/catalog/exact-json'

/** One request to the recorded server and its answer, placeholders still in. Numbers keep their Python type. */
export interface RecordedExchange {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON body; undefined: none was sent. */
  readonly body: ExactValue | undefined
  /** Text that was sent as it is. */
  readonly rawBody: string | undefined
  readonly status: number
  readonly answerHeaders: Readonly<Record<string, string>>
  /** The answer's JSON; undefined where it was none. */
  readonly answer: ExactValue | undefined
  /** The answer's text where it was no JSON. */
  readonly text: string | undefined
  /** What was recorded of the pictures `<image 0>`, `<image 1>`, … */
  readonly images: readonly ExactObject[]
}

/** Reads a recording: JSON lines, one exchange each; lines of another kind are left out. */
export function parseRecording(text: string): RecordedExchange[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => parseExactJson(line))
    .filter((record) => isExactObject(record))
    .flatMap((record) => {
      if (record.has('raw_text')) return [toTextExchange(record)]
      return record.has('request') && record.has('response') ? [toExchange(record)] : []
    })
}

/** Recordings of answers as text lay their members out flat. */
function toTextExchange(record: ExactObject): RecordedExchange {
  return {
    id: textOf(record.get('id')) ?? '',
    method: textOf(record.get('method')) ?? 'GET',
    path: textOf(record.get('path')) ?? '/',
    headers: {},
    body: record.get('body') ?? undefined,
    rawBody: undefined,
    status: Number(record.get('status')),
    answerHeaders: { 'content-type': textOf(record.get('content_type')) ?? '' },
    answer: undefined,
    text: textOf(record.get('raw_text')),
    images: [],
  }
}

function toExchange(record: ExactObject): RecordedExchange {
  const request = member(record, 'request')
  const response = member(record, 'response')
  const images = response.get('images')
  return {
    id: textOf(record.get('id')) ?? '',
    method: textOf(request.get('method')) ?? 'GET',
    path: textOf(request.get('path')) ?? '/',
    headers: toHeaders(request.get('headers')),
    body: request.get('body'),
    rawBody: textOf(request.get('raw_body')),
    status: Number(response.get('status')),
    answerHeaders: toHeaders(response.get('headers')),
    answer: response.get('body'),
    text: textOf(response.get('text')),
    images: Array.isArray(images) ? images.filter(isExactObject) : [],
  }
}

function member(object: ExactObject, name: string): ExactObject {
  const value = object.get(name)
  return isExactObject(value) ? value : new Map()
}

function textOf(value: ExactValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function toHeaders(value: ExactValue | undefined): Record<string, string> {
  if (!isExactObject(value)) return {}
  return Object.fromEntries([...value].map(([name, text]) => [name, String(text)]))
}

/** The request pictures by name, base64. */
export type RequestPictures = Readonly<Record<string, string>>

/** The bytes a recorded request sends: `$img:name` and `$data:name` become pictures. Undefined: no body. */
export function toRequestBody(
  exchange: RecordedExchange,
  pictures: RequestPictures,
): { readonly body: string | Uint8Array | undefined; readonly headers: Record<string, string> } {
  const headers = { ...exchange.headers }
  const body =
    exchange.rawBody === undefined ? toJsonBody(exchange.body, pictures) : toBytes(exchange.rawBody)
  const needsType = exchange.rawBody === undefined && exchange.method === 'POST'
  if (needsType && !Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) {
    headers['content-type'] = 'application/json'
  }
  return { body, headers }
}

function toJsonBody(body: ExactValue | undefined, pictures: RequestPictures): string | undefined {
  return body === undefined ? undefined : formatExactJson(fillPictures(body, pictures))
}

/** Bytes that were no UTF-8 are written as U+FFFD in the recordings. */
function toBytes(text: string): Uint8Array {
  const parts = text.split('\ufffd').map((part) => Buffer.from(part, 'utf8'))
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.of(0xff), part])))
}

function fillPictures(value: ExactValue, pictures: RequestPictures): ExactValue {
  if (typeof value === 'string') {
    if (value.startsWith('$img:')) return pictures[value.slice(5)] ?? value
    if (value.startsWith('$data:')) return `data:image/png;base64,${pictures[value.slice(6)] ?? ''}`
    return value
  }
  if (Array.isArray(value)) return value.map((item) => fillPictures(item, pictures))
  if (isExactObject(value)) {
    return new Map([...value].map(([key, item]) => [key, fillPictures(item, pictures)]))
  }
  return value
}
