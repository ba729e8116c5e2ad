import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AtelierError } from '../errors.ts'
import { S3Client, type S3Call } from './s3-client.ts'
import type { S3Settings } from './settings.ts'

const pauses = vi.hoisted(() => [] as number[])
vi.mock('node:timers/promises', () => ({
  setTimeout: (milliseconds: number) => Promise.resolve(void pauses.push(milliseconds)),
}))

/** Keys of Amazon's own examples of signatures. */
const AMAZON: S3Settings = {
  ...{ bucket: 'examplebucket', region: 'us-east-1', prefix: '', keepMs: 0 },
  ...{ accessKey: 'AKIAIOSFODNN7EXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
}
const OWN: S3Settings = { ...AMAZON, region: 'eu-central-1', endpoint: 'http://minio:9000/' }
const GET: S3Call = { method: 'GET', key: 'results/j/1/0' }

interface Sent {
  readonly url: string
  readonly init: RequestInit & { readonly headers: Headers }
}

const say =
  (status: number, code = '', headers: Record<string, string> = {}) =>
  () =>
    Promise.resolve(
      new Response(code === '' ? null : `<?xml?><Error><Code>${code}</Code></Error>`, { status, headers }),
    )
const fail = (message: string) => () => Promise.reject(new TypeError(message))

/** A client whose calls get these answers, the last one again and again. */
function open(settings: S3Settings, ...answers: (() => Promise<Response>)[]) {
  const [sent, full] = [[] as Sent[], [] as AtelierError[]]
  vi.stubGlobal('fetch', (url: string | URL, init: Sent['init']) => {
    sent.push({ url: String(url), init })
    return answers[Math.min(sent.length, answers.length) - 1]!()
  })
  return { client: new S3Client(settings, (error) => full.push(error)), sent, full }
}

describe('S3Client', () => {
  beforeEach(() => (pauses.length = 0))
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  // Computed by a separate signer that gives the signatures of Amazon's documented examples ("GET Bucket Lifecycle", "Get
  // Bucket (List Objects)" of 24 May 2013).
  it.each<[S3Settings, S3Call, url: string, scope: string, signed: string, signature: string]>([
    [
      AMAZON,
      {
        ...GET,
        method: 'PUT',
        key: 'results/j-1/1/0',
        body: new Uint8Array(Buffer.from('Welcome to Amazon S3.')),
      },
      'https://examplebucket.s3.us-east-1.amazonaws.com/results/j-1/1/0',
      'us-east-1',
      'host;x-amz-content-sha256;x-amz-date',
      'b9b45e164007394be4ad5795705aad3320f9b76f005c84ff70dfed93d72139ff',
    ],
    [
      OWN,
      { method: 'GET', key: '', query: { 'list-type': '2', prefix: 'a b/c+d' } },
      'http://minio:9000/examplebucket?list-type=2&prefix=a+b%2Fc%2Bd',
      'eu-central-1',
      'host;x-amz-content-sha256;x-amz-date',
      'd5a98bc1b3f67afd8d317983aaaa08772f42f92119d5e4cd64950082d5a58217',
    ],
    [
      { ...OWN, sessionToken: 'tok/en==' },
      { method: 'DELETE', key: 'a/b' },
      'http://minio:9000/examplebucket/a/b',
      'eu-central-1',
      'host;x-amz-content-sha256;x-amz-date;x-amz-security-token',
      '6c0e85115bbf4a31441f5043ae1a4e22b5f56e48f9c13b5b3b3c16c4f9a4e1fa',
    ],
  ])('signs as Amazon wants it (%#)', async (...row) => {
    const [settings, call, url, region, names, signature] = row
    vi.useFakeTimers({ now: Date.UTC(2013, 4, 24), toFake: ['Date'] })
    const { client, sent } = open(settings, say(200))
    await client.call(call)
    expect(sent).toHaveLength(1)
    expect(sent[0]!.url.replaceAll('%20', '+')).toBe(url)
    expect(sent[0]!.init.headers.get('authorization')).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/${region}/s3/aws4_request, ` +
        `SignedHeaders=${names}, Signature=${signature}`,
    )
  })

  it('sends bytes with their hash and type, and follows nobody elsewhere', async () => {
    const { client, sent } = open(AMAZON, say(200))
    const body = new Uint8Array([1, 2, 3])
    await client.call({ method: 'PUT', key: 'k', body, mediaType: 'image/png' })
    const [{ init }] = sent as [Sent]
    expect(init).toMatchObject({ method: 'PUT', body, redirect: 'error' })
    expect(init.headers.get('content-type')).toBe('image/png')
    expect(init.headers.get('x-amz-content-sha256')).toBe(createHash('sha256').update(body).digest('hex'))
  })

  it('gives the store’s own time with its answer', async () => {
    const { client } = open(OWN, say(200, '', { date: 'Fri, 24 May 2013 00:00:00 GMT' }))
    expect((await client.call(GET)).dateMs).toBe(Date.UTC(2013, 4, 24))
  })

  it('takes an object that is not there for an answer, a bucket that is not there for none', async () => {
    expect((await open(OWN, say(404, 'NoSuchKey')).client.call(GET)).status).toBe(404)
    expect((await open(OWN, say(404)).client.call(GET)).status).toBe(404)
    const { client, sent } = open(OWN, say(404, 'NoSuchBucket'))
    await expect(client.call(GET)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('404 NoSuchBucket') as string,
    })
    expect(sent).toHaveLength(1)
  })

  it.each([
    ['a passing fault', say(503, 'SlowDown')],
    ['too many calls', say(429)],
    ['a fault of its own', say(500, 'InternalError')],
    ['no connection', fail('fetch failed')],
  ])('tries again after %s, each time later', async (_what, mishap) => {
    const { client, sent } = open(OWN, mishap, mishap, mishap, say(200))
    expect((await client.call(GET)).status).toBe(200)
    expect([sent.length, pauses]).toEqual([4, [200, 400, 800]])
  })

  it('gives up after four tries, with the last reason', async () => {
    const away = open(OWN, say(500), fail('connect ECONNREFUSED'))
    await expect(away.client.call(GET)).rejects.toMatchObject({
      ...{ code: 'unavailable', retryable: true },
      message: 'the S3 store cannot be used: GET results/j/1/0 in examplebucket: connect ECONNREFUSED',
    })
    expect(away.sent).toHaveLength(4)
    const busy = open(OWN, say(503, 'SlowDown'))
    await expect(busy.client.call({ ...GET, key: '' })).rejects.toThrow(
      'GET the bucket in examplebucket: 503 SlowDown',
    )
    expect(busy.sent).toHaveLength(4)
  })

  it('does not try again what the store refuses', async () => {
    const { client, sent } = open(OWN, say(403, 'SignatureDoesNotMatch'))
    await expect(client.call(GET)).rejects.toMatchObject({ code: 'unavailable' })
    expect([sent.length, pauses]).toEqual([1, []])
  })

  it.each([
    [507, ''],
    [507, 'XMinioStorageFull'],
    [403, 'QuotaExceeded'],
    [400, 'XMinioAdminBucketQuotaExceeded'],
    [503, 'StorageFull'],
  ])('says once that there is no room, by status %d and code %j', async (status, code) => {
    const { client, sent, full } = open(OWN, say(status, code))
    await expect(client.call({ ...GET, method: 'PUT' })).rejects.toMatchObject({ code: 'queue-full' })
    expect([sent.length, full.length]).toEqual([1, 1])
  })
})
