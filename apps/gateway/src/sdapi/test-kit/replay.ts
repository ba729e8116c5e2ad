import { gunzipSync } from 'node:zlib'
import { isExactObject, parseExactJson, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { findPictureDifference, namePicture } from './match-picture.ts'
import { findDifference, type Bindings } from './match-recorded.ts'
import { toRequestBody, type RecordedExchange, type RequestPictures } from './recorded-exchange.ts'

/** Sends one request to the server under test. */
export type Send = (
  method: string,
  path: string,
  init: { readonly body: string | Uint8Array | undefined; readonly headers: Record<string, string> },
) => Promise<Response>

/** How a recorded exchange fared. */
export interface Verdict {
  readonly id: string
  readonly path: string
  /** The first difference; undefined: none. */
  readonly difference: string | undefined
}

/** Headers that are not compared: their values are ours, or transport. */
const PASSED_HEADERS = new Set(['content-encoding'])

/** Replays one exchange. */
export async function replayExchange(
  exchange: RecordedExchange,
  send: Send,
  pictures: RequestPictures,
): Promise<Verdict> {
  const response = await send(exchange.method, exchange.path, toRequestBody(exchange, pictures))
  const difference =
    (response.status === exchange.status
      ? undefined
      : `status ${response.status}, recorded ${exchange.status}: ${(await response.clone().text()).slice(0, 300)}`) ??
    findHeaderDifference(response.headers, exchange.answerHeaders) ??
    (await findBodyDifference(response, exchange, pictures))
  return { id: exchange.id, path: exchange.path, difference }
}

function findHeaderDifference(
  actual: Headers,
  expected: Readonly<Record<string, string>>,
): string | undefined {
  for (const [name, value] of Object.entries(expected)) {
    if (PASSED_HEADERS.has(name)) continue
    // Names of character sets are the same in either case.
    const given = name === 'content-type' ? actual.get(name)?.toLowerCase() : actual.get(name)
    const difference = findDifference(given ?? undefined, value, new Map(), `header ${name}`)
    if (difference !== undefined) return difference
  }
  return undefined
}

async function findBodyDifference(
  response: Response,
  { answer, text, images, path, method }: RecordedExchange,
  known: RequestPictures,
): Promise<string | undefined> {
  if (answer === undefined) {
    const isPage = text?.startsWith('<') === true && text.endsWith('page>')
    if (text === undefined || isPage) return undefined
    return findDifference(await response.text(), text, new Map(), 'text')
  }
  const bindings: Bindings = new Map()
  const parsed = parseExactJson(await readText(response))
  const isPartial = method === 'GET' && path === '/sdapi/v1/options' && isExactObject(answer)
  const actual = isPartial ? project(parsed, answer) : parsed
  const found = takePictures(actual, known)
  return (
    findDifference(found.value, answer, bindings) ??
    (await findPictureDifference(found.pictures, images, bindings))
  )
}

async function readText(response: Response): Promise<string> {
  const bytes = Buffer.from(await response.arrayBuffer())
  const isPacked = response.headers.get('content-encoding') === 'gzip' && bytes[0] === 0x1f
  return (isPacked ? gunzipSync(bytes) : bytes).toString('utf8')
}

/** Options were recorded by the keys that a case is about. */
function project(actual: ExactValue, expected: ExactObject): ExactValue {
  if (!isExactObject(actual) || expected.size > 100) return actual
  return new Map(
    [...expected.keys()].map((key) => [key, actual.get(key) ?? (actual.has(key) ? null : '<absent>')]),
  )
}

/** Numbers the pictures of an answer as the recordings do. */
function takePictures(
  value: ExactValue,
  known: RequestPictures,
): { readonly value: ExactValue; readonly pictures: readonly string[] } {
  const pictures: string[] = []
  const take = (item: ExactValue): ExactValue => {
    if (typeof item === 'string') return namePicture(item, known, pictures)
    if (Array.isArray(item)) return item.map(take)
    return isExactObject(item) ? new Map([...item].map(([key, one]) => [key, take(one)])) : item
  }
  return { value: take(value), pictures }
}
