/** A stored file as an answer needs it. */
export interface ServedFile {
  readonly bytes: Uint8Array
  /** When it was stored, milliseconds since 1970 UTC. */
  readonly storedAtMs: number
  readonly headers: Readonly<Record<string, string>>
}

/** What of a request decides between the whole file, a part of it and "not modified". */
export interface FileConditions {
  readonly range: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
}

/** Answers with a file as aiohttp does: validators, single ranges, 304 and 416. */
export function answerFile(file: ServedFile, conditions: FileConditions): Response {
  const size = file.bytes.byteLength
  const etag = `"${(BigInt(file.storedAtMs) * 1_000_000n).toString(16)}-${size.toString(16)}"`
  const validators = { etag, 'last-modified': new Date(file.storedAtMs).toUTCString() }
  if (isUnchanged(etag, file.storedAtMs, conditions)) {
    return new Response(null, { status: 304, headers: { ...file.headers, ...validators } })
  }
  const range = parseRange(conditions.range, size)
  if (range === 'unsatisfiable') {
    return new Response(null, {
      status: 416,
      headers: { ...file.headers, 'content-range': `bytes */${size}` },
    })
  }
  const headers = { ...file.headers, ...validators, 'accept-ranges': 'bytes' }
  if (range === undefined) return new Response(toBody(file.bytes), { headers })
  return new Response(toBody(file.bytes.subarray(range.start, range.end)), {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${range.start}-${range.end - 1}/${size}` },
  })
}

/** Bytes as a body; a view of a larger buffer is sent alone. */
export function toBody(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>
}

function isUnchanged(etag: string, storedAtMs: number, conditions: FileConditions): boolean {
  if (conditions.ifNoneMatch !== undefined) {
    const tags = conditions.ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
    return tags.includes('*') || tags.includes(etag)
  }
  const since = Date.parse(conditions.ifModifiedSince ?? '')
  // The header knows whole seconds.
  return !Number.isNaN(since) && Math.floor(storedAtMs / 1000) * 1000 <= since
}

function parseRange(
  header: string | undefined,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  if (header === undefined) return undefined
  const match = /^bytes=(\d*)-(\d*)$/.exec(header)
  if (match === null || (match[1] === '' && match[2] === '')) return 'unsatisfiable'
  const [, first = '', last = ''] = match
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  return start >= size || start >= end ? 'unsatisfiable' : { start, end }
}
