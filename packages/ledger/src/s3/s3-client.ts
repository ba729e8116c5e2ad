import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { AwsV4Signer } from 'aws4fetch'
import { AtelierError } from '../errors.ts'
import type { S3Settings } from './settings.ts'

/** How long one call may take, milliseconds. */
const CALL_LIMIT_MS = 30_000
/** How often a call is tried that the store could not answer; everything here may be done twice. */
const MAX_TRIES = 4
/** Pause before the second try, milliseconds; doubled before each further one. */
const FIRST_PAUSE_MS = 200
/** Answers after which a call is tried again. */
const PASSING_STATUSES = new Set([429, 500, 502, 503, 504])
/** Codes with which stores say that there is no room: MinIO, Ceph, Wasabi and others differ. */
const NO_ROOM = /^(XMinioStorageFull|XMinioAdminBucketQuotaExceeded|QuotaExceeded|StorageFull)$/

/** One call of the store. */
export interface S3Call {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  /** Object key, safe in addresses; empty: the bucket. */
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer>
  readonly mediaType?: string
}

/** What the store answered. */
export interface S3Answer {
  readonly status: number
  readonly bytes: Uint8Array
  /** The store's own time, milliseconds since 1970 UTC. */
  readonly dateMs: number
}

/** Signed calls of one bucket (AWS signature version 4). */
export class S3Client {
  readonly #settings: S3Settings
  readonly #onNoRoom: (error: AtelierError) => void

  constructor(settings: S3Settings, onNoRoom: (error: AtelierError) => void) {
    this.#settings = settings
    this.#onNoRoom = onNoRoom
  }

  /**
   * Calls the store; an object that is not there is an answer of status 404.
   * @throws AtelierError `unavailable` when the store does not answer or refuses, `queue-full` when it has no room
   */
  async call(call: S3Call): Promise<S3Answer> {
    const what = `${call.method} ${call.key === '' ? 'the bucket' : call.key}`
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#try(call).catch((error: unknown) => error as Error)
      if (!(outcome instanceof Error)) {
        if (outcome.status < 300) return outcome
        const code = codeOf(outcome)
        if (outcome.status === 404 && code !== 'NoSuchBucket') return outcome
        if (outcome.status === 507 || NO_ROOM.test(code)) throw this.#noRoom(what, code)
        if (!PASSING_STATUSES.has(outcome.status) || attempt === MAX_TRIES)
          throw this.#away(what, `${outcome.status} ${code}`)
      } else if (attempt === MAX_TRIES) throw this.#away(what, outcome.message, outcome)
      await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1))
    }
  }

  async #try({ method, key, query = {}, body, mediaType }: S3Call): Promise<S3Answer> {
    const { accessKey, secretKey, sessionToken, region } = this.#settings
    const url = new URL(this.#addressOf(key))
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const signer = new AwsV4Signer({
      method,
      url: url.href,
      headers: {
        // The store checks what arrives against it.
        'x-amz-content-sha256': createHash('sha256')
          .update(body ?? '')
          .digest('hex'),
        ...(mediaType !== undefined && { 'content-type': mediaType }),
      },
      ...(body !== undefined && { body }),
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      ...(sessionToken !== undefined && { sessionToken }),
      service: 's3',
      region,
    })
    const signed = await signer.sign()
    const answer = await fetch(signed.url, {
      method,
      headers: signed.headers,
      redirect: 'error',
      signal: AbortSignal.timeout(CALL_LIMIT_MS),
      ...(body !== undefined && { body }),
    })
    const bytes = new Uint8Array(await answer.arrayBuffer())
    return {
      status: answer.status,
      bytes,
      dateMs: Date.parse(answer.headers.get('date') ?? '') || Date.now(),
    }
  }

  #addressOf(key: string): string {
    const { endpoint, bucket, region } = this.#settings
    if (endpoint === undefined) return `https://${bucket}.s3.${region}.amazonaws.com/${key}`
    return `${endpoint.replace(/\/+$/, '')}/${bucket}${key === '' ? '' : `/${key}`}`
  }

  #away(what: string, reason: string, cause?: unknown): AtelierError {
    const text = `the S3 store cannot be used: ${what} in ${this.#settings.bucket}: ${reason}`
    return new AtelierError('unavailable', text, { cause })
  }

  #noRoom(what: string, code: string): AtelierError {
    const text = `the S3 store has no room left: ${what} in ${this.#settings.bucket}: ${code || '507'}`
    const error = new AtelierError('queue-full', text)
    this.#onNoRoom(error)
    return error
  }
}

/** The error code of an answer's XML; empty where it has none. */
function codeOf({ bytes }: S3Answer): string {
  return /<Code>([^<]*)<\/Code>/.exec(Buffer.from(bytes).toString())?.[1] ?? ''
}
