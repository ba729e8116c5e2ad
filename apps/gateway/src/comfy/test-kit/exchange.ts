import { findBinaryDifference, findDifference, type Bindings, type RecordedBinary } from './match-recorded.ts'

/** A recorded HTTP exchange. */
export interface Exchange {
  readonly name: string
  readonly request: {
    readonly method: string
    readonly path: string
    readonly headers?: Record<string, string>
    readonly json?: unknown
    readonly text?: string
    readonly body_b64?: string
    readonly multipart?: readonly RecordedPart[]
  }
  readonly response: {
    readonly status: number
    readonly headers?: Record<string, string>
    readonly json?: unknown
    readonly text?: string
    readonly empty?: boolean
    readonly html_len?: number
    readonly binary?: RecordedBinary
    readonly json_type?: string
  }
  readonly key_order?: readonly string[]
}

/** A part of a recorded form. */
export interface RecordedPart {
  readonly name: string
  readonly value?: string
  readonly filename?: string
  readonly content_type?: string
  /** A file of the recordings' input folder. */
  readonly from?: string
  readonly data_b64?: string
}

/** Sends a request somewhere. */
export type Send = (path: string, init: RequestInit) => Promise<Response>

/** Host of recorded requests. */
const RECORDED_HOST = '127.0.0.1:8188'

/** Headers that are compared: the rest is the server's own business. */
const COMPARED_HEADERS = [
  'content-type',
  'allow',
  'cache-control',
  'content-disposition',
  'content-range',
  'accept-ranges',
  'etag',
  'last-modified',
]

/** Sends a recorded request; `readInput` gives files of the recordings' input folder. */
export async function sendRecorded(
  send: Send,
  { request }: Exchange,
  bindings: Bindings,
  readInput: (name: string) => Promise<Uint8Array>,
): Promise<Response> {
  const path = bind(request.path, bindings)
  const headers: Record<string, string> = { host: RECORDED_HOST }
  for (const [name, value] of Object.entries(request.headers ?? {}))
    headers[name] = value.replace('<HOST>', RECORDED_HOST)
  const init: RequestInit = { method: request.method, headers }
  if (request.multipart !== undefined) {
    const { body, type } = await encodeForm(request.multipart, readInput)
    headers['content-type'] = type
    init.body = body
  } else if (request.json !== undefined) {
    headers['content-type'] ??= 'application/json'
    init.body = bind(stringify(request.json), bindings)
  } else if (request.text !== undefined) init.body = request.text
  else if (request.body_b64 !== undefined) init.body = Buffer.from(request.body_b64, 'base64')
  return send(path, init)
}

/** Compares an answer with the recorded one; undefined: they agree. */
export async function compareAnswer(
  answer: Response,
  { request, response, key_order: keyOrder }: Exchange,
  bindings: Bindings,
): Promise<string | undefined> {
  if (answer.status !== response.status) return `status ${answer.status}, recorded ${response.status}`
  for (const name of COMPARED_HEADERS) {
    const expected = response.headers?.[name]
    if (expected === undefined) continue
    const difference = findDifference(answer.headers.get(name), expected, bindings, `header ${name}`)
    if (difference !== undefined) return difference
  }
  const bytes = new Uint8Array(await answer.arrayBuffer())
  if (response.empty) return bytes.byteLength === 0 ? undefined : `a body of ${bytes.byteLength} bytes`
  if (response.binary !== undefined) return findBinaryDifference(bytes, response.binary)
  const text = new TextDecoder().decode(bytes)
  if (response.text !== undefined) return findDifference(text, response.text, bindings, 'text')
  if (response.html_len !== undefined && answer.headers.get('content-type')?.startsWith('text/html'))
    return undefined
  const value = parseBody(text)
  if (keyOrder !== undefined) return findDifference(Object.keys(value as object), keyOrder, bindings, 'keys')
  if (response.json_type !== undefined) return Array.isArray(value) ? undefined : 'no list'
  if (response.json === undefined) return undefined
  // The order of these lists is that of the recorded disk.
  const isListing = /^(\/api)?\/(userdata\?|internal\/files)/.test(request.path)
  return findDifference(value, response.json, bindings, isListing ? '$.unordered' : '$')
}

/** A body that may hold Python's bare words for numbers that JSON does not have; recorded as `<Infinity>`. */
function parseBody(text: string): unknown {
  const words = text.replace(/(?<=[:[,]\s?)(-?Infinity|NaN)(?=\s?[,\]}])/g, '"<$1>"')
  try {
    return parseRecorded(words)
  } catch {
    return text
  }
}

/** Replaces the placeholders that are known. */
function bind(text: string, bindings: Bindings): string {
  return text.replace(/<(?:UUID|HEX32_)\d+>/g, (placeholder) => bindings.get(placeholder) ?? placeholder)
}

/** JSON text of a recorded request; 64-bit integers were read as strings of digits marked by BIG_INTEGER. */
function stringify(value: unknown): string {
  return JSON.stringify(value).replace(/"<int:(-?\d+)>"/g, '$1')
}

/** Reads a line of a recording; integers too long for a double are marked, so that they are sent as they were. */
export function parseRecorded(line: string): unknown {
  return JSON.parse(line.replace(/(?<=[:[,] ?)(-?\d{16,})(?=\s*[,\]}])/g, '"<int:$1>"')) as unknown
}

async function encodeForm(
  parts: readonly RecordedPart[],
  readInput: (name: string) => Promise<Uint8Array>,
): Promise<{ body: Uint8Array<ArrayBuffer>; type: string }> {
  const boundary = '----recorded-form'
  const chunks: Uint8Array[] = []
  for (const part of parts) {
    const file = part.filename === undefined ? '' : `; filename="${part.filename}"`
    const type = part.content_type === undefined ? '' : `\r\nContent-Type: ${part.content_type}`
    chunks.push(
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${part.name}"${file}${type}\r\n\r\n`,
      ),
    )
    if (part.from !== undefined) chunks.push(await readInput(part.from))
    else
      chunks.push(
        Buffer.from(part.value ?? part.data_b64 ?? '', part.value === undefined ? 'base64' : 'utf8'),
      )
    chunks.push(Buffer.from('\r\n'))
  }
  chunks.push(Buffer.from(`--${boundary}--\r\n`))
  return { body: Buffer.concat(chunks), type: `multipart/form-data; boundary=${boundary}` }
}
